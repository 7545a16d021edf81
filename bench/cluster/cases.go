package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// workload is a case. The peers in Python have it by its name, in py/bodies.py.
type workload struct {
	name, what string
	slots      int // of our agent; asynq always has 200
	tasks      counts
	ours       func(x *cluster.Executor, n int) (sample, error)
	asynq      func(a *asynqSide, n int) (sample, error)
}

// counts is how many tasks each gets; who has none is left out.
type counts struct{ ours, asynq, python int }

var cases = []workload{
	{"int", "an int in and out, automatic chunks", 2, counts{1_000_000, 20_000, 2_000}, loop(square, ints), asynqLoop("int", 8)},
	{"batch", "the same, theirs with 100 items a task", 2, counts{1_000_000, 0, 100_000}, loop(square, ints), nil},
	{"single", "the same, a message each", 2, counts{ours: 20_000}, loop(square, ints, parfor.Chunk(1)), nil},
	{"1KiB", "1 KiB in and out", 2, counts{100_000, 20_000, 2_000}, loop(echo, kilobytes), asynqLoop("echo", 1024)},
	{"nap", "10 ms of sleep, 200 slots", 200, counts{20_000, 20_000, 4_000}, loop(nap, ints), asynqLoop("nap", 8)},
	{"latency", "one at a time, to its result", 2, counts{1_000, 300, 300}, oneByOne, asynqOneByOne},
}

func square(_ context.Context, n int) (int, error) { return n * n, nil }

func echo(_ context.Context, b []byte) ([]byte, error) { return b, nil }

func nap(_ context.Context, n int) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return n, nil
}

var (
	_ = parfor.Register(square)
	_ = parfor.Register(echo)
	_ = parfor.Register(nap)
)

func ints(n int) []int {
	return slices.Collect(func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	})
}

func kilobytes(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, 1024)
	}
	return all
}

func loop[In, Out any](body func(context.Context, In) (Out, error), items func(n int) []In, opts ...parfor.Option) func(*cluster.Executor, int) (sample, error) {
	return func(x *cluster.Executor, n int) (sample, error) {
		in := items(n)
		began := time.Now()
		out, err := parfor.Map(context.Background(), in, body, append(opts, parfor.On(x))...)
		took := time.Since(began)
		if err == nil && len(out) != n {
			err = errors.New("results are missing")
		}
		return sample{n: n, took: took}, err
	}
}

func oneByOne(x *cluster.Executor, n int) (sample, error) {
	return eachTimed(n, func(i int) error {
		_, err := parfor.Submit(context.Background(), x, square, i).Result(context.Background())
		return err
	})
}
