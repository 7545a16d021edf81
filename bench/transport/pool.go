//go:build unix

package main

import (
	"context"

	"parfor.dev/parfor"
)

// mostResults bounds the results of 1 KiB that a round leaves in memory.
const mostResults = 1 << 16

// submitter is the pool as a tripWay.
func (b *bench) submitter(int) (trip func(int), done func()) {
	ctx := context.Background()
	return func(i int) {
		v, err := parfor.Submit(ctx, b.pool, increment, i).Result(ctx)
		must(err)
		check(v == i+1)
	}, func() {}
}

// poolRows are the pool's rows for items of that size.
func (b *bench) poolRows(size int) []row {
	if size == 8 {
		ints := parfor.Range(1 << 22)
		right := func(in, out int) bool { return out == in+1 }
		return []row{
			{name: "parfor.Map", run: func(n int) { mapAll(b, increment, ints[:n], right) }, most: len(ints)},
			{name: "parfor.Submit, 64 in flight", run: func(n int) { submitAll(b, increment, ints[:n], right) }, most: len(ints)},
		}
	}
	items := kib(size, mostResults)
	right := func(in, out []byte) bool { return len(out) == len(in) && look(out) == look(in) }
	return []row{
		{name: "parfor.Map", run: func(n int) { mapAll(b, echo, items[:n], right) }, most: len(items)},
		{name: "parfor.Submit, 64 in flight", run: func(n int) { submitAll(b, echo, items[:n], right) }, most: len(items)},
	}
}

// kib is n times the same message of that size.
func kib(size, n int) [][]byte {
	m := make([]byte, size)
	fill(m, size, 0)
	items := make([][]byte, n)
	for i := range items {
		items[i] = m
	}
	return items
}

func mapAll[T any](b *bench, body func(context.Context, T) (T, error), items []T, right func(in, out T) bool) {
	out, err := parfor.Map(context.Background(), items, body, parfor.On(b.pool))
	must(err)
	for i, v := range out {
		check(right(items[i], v))
	}
}

// submitAll keeps inFlight futures open.
func submitAll[T any](b *bench, body func(context.Context, T) (T, error), items []T, right func(in, out T) bool) {
	ctx := context.Background()
	var open [inFlight]*parfor.Future[T, T]
	for i := range len(items) + inFlight {
		f := &open[i%inFlight]
		if *f != nil {
			v, err := (*f).Result(ctx)
			must(err)
			check(right(items[i-inFlight], v))
		}
		if *f = nil; i < len(items) {
			*f = parfor.Submit(ctx, b.pool, body, items[i])
		}
	}
}
