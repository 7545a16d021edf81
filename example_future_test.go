package parfor_test

import (
	"context"
	"errors"
	"fmt"

	"parfor.dev/parfor"
)

func ExampleSubmit() {
	x := parfor.Goroutines(4)
	defer x.Close()
	length := func(_ context.Context, s string) (int, error) { return len(s), nil }

	f := parfor.Submit(context.Background(), x, length, "hello")
	n, err := f.Result(context.Background())
	fmt.Println(f.Index(), f.In(), n, err)
	// Output: 0 hello 5 <nil>
}

func ExampleFuture_Result() {
	x := parfor.Goroutines(1)
	defer x.Close()
	parse := func(_ context.Context, s string) (int, error) { return 0, errors.New("not a number") }

	_, err := parfor.Submit(context.Background(), x, parse, "x").Result(context.Background())
	fmt.Println(err)
	// Output: parfor: item 0: not a number
}

func ExampleFuture_Cancel() {
	x := parfor.Sequential()
	defer x.Close()
	gate := make(chan bool)
	wait := func(context.Context, int) (bool, error) { return <-gate, nil }

	running := parfor.Submit(context.Background(), x, wait, 0)
	pending := parfor.Submit(context.Background(), x, wait, 1)
	fmt.Println(pending.Cancel(), pending.State(), pending.Err())
	gate <- true
	<-running.Done()
	fmt.Println(running.Cancel(), running.State(), running.Err())
	// Output:
	// true cancelled parfor: item 1: future was cancelled
	// false finished <nil>
}

func ExampleFuture_OnDone() {
	x := parfor.Goroutines(2)
	square := func(_ context.Context, n int) (int, error) { return n * n, nil }

	f := parfor.Submit(context.Background(), x, square, 9)
	f.OnDone(func(f *parfor.Future[int, int]) {
		n, err := f.Result(context.Background())
		fmt.Println(f.In(), "squared is", n, err)
	})
	x.Close() // waits for callbacks too
	// Output: 9 squared is 81 <nil>
}

func ExampleWait() {
	x := parfor.Goroutines(2)
	defer x.Close()
	ctx := context.Background()
	length := func(_ context.Context, s string) (int, error) { return len(s), nil }
	negate := func(_ context.Context, b bool) (bool, error) { return !b, nil }

	done, pending, err := parfor.Wait(ctx, parfor.AllCompleted,
		parfor.Submit(ctx, x, length, "hello"),
		parfor.Submit(ctx, x, negate, true))
	fmt.Println(len(done), len(pending), err)
	// Output: 2 0 <nil>
}

func ExampleAsCompleted() {
	x := parfor.Sequential()
	defer x.Close()
	ctx := context.Background()
	square := func(_ context.Context, n int) (int, error) { return n * n, nil }

	var squares []*parfor.Future[int, int]
	for _, n := range []int{3, 1, 2} {
		squares = append(squares, parfor.Submit(ctx, x, square, n))
	}
	for f, err := range parfor.AsCompleted(ctx, squares...) {
		if err != nil {
			fmt.Println(err) // ctx ended before all were done
			break
		}
		n, err := f.Result(ctx)
		fmt.Println(f.In(), n, err)
	}
	// Output:
	// 3 9 <nil>
	// 1 1 <nil>
	// 2 4 <nil>
}
