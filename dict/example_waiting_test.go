package dict_test

import (
	"context"
	"errors"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// In a program these are package variables: dict.NewQueue[string]("pages", 100).
func ExampleNewQueue() {
	fmt.Println(pages.Name())
	// Output: parfor.dev/parfor/dict_test.pages
}

var (
	pages   = dict.NewQueue[string]("pages", 100)
	printer = dict.NewLease("printer")
	line    = dict.NewBarrier("starting line", 3)
)

func ExampleMakeQueue() {
	ctx := context.Background()
	q, err := dict.MakeQueue[int](ctx, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(q.Put(ctx, 1), q.Put(ctx, 2))
	full, _ := q.TryPut(ctx, 3)
	first, _ := q.Take(ctx)
	left, _ := q.Len(ctx)
	fmt.Println(full, first, left)
	// Output:
	// <nil> <nil>
	// false 1 1
}

// A task that fails leaves the queue as it was; what it took is first again.
func ExampleQueue_Take() {
	ctx := context.Background()
	q, _ := dict.MakeQueue[string](ctx, 10)
	q.Put(ctx, "first")
	q.Put(ctx, "second")
	err := parfor.Each(ctx, []int{0}, func(ctx context.Context, _ int) error {
		v, err := q.Take(ctx)
		fmt.Println("took", v, err)
		return errors.New("out of paper")
	})
	fmt.Println(err)
	v, _ := q.Take(ctx)
	fmt.Println(v)
	// Output:
	// took first <nil>
	// parfor: item 0: out of paper
	// first
}

func ExampleQueue_Put() {
	ctx := context.Background()
	q, _ := dict.MakeQueue[int](ctx, 10)
	squares, err := parfor.Map(ctx, parfor.Range(3), func(ctx context.Context, n int) (int, error) {
		return n * n, q.Put(ctx, n*n) // there when this task succeeds
	}, parfor.Workers(1))
	n, _ := q.Len(ctx)
	fmt.Println(squares, n, err)
	// Output: [0 1 4] 3 <nil>
}

func ExampleQueue_TryTake() {
	ctx := context.Background()
	q, _ := dict.MakeQueue[int](ctx, 10)
	_, ok, err := q.TryTake(ctx)
	fmt.Println(ok, err)
	// Output: false <nil>
}

func ExampleQueue_Close() {
	ctx := context.Background()
	q, _ := dict.MakeQueue[int](ctx, 10)
	q.Put(ctx, 1)
	q.Close(ctx)
	v, err := q.Take(ctx)
	fmt.Println(v, err)
	_, err = q.Take(ctx)
	fmt.Println(errors.Is(err, dict.ErrQueueClosed))
	// Output:
	// 1 <nil>
	// true
}

func ExampleNewLease() {
	fmt.Println(printer.Name())
	// Output: parfor.dev/parfor/dict_test.printer
}

// A lease ends with its task, and the next holder reads what this one wrote.
func ExampleLease_Acquire() {
	ctx := context.Background()
	l, _ := dict.MakeLease(ctx)
	total, _ := dict.Make[string, int](ctx)
	_, err := parfor.Map(ctx, parfor.Range(100), func(ctx context.Context, n int) (uint64, error) {
		fence, err := l.Acquire(ctx)
		if err != nil {
			return 0, err
		}
		v, _, err := total.Get(ctx, "sum")
		if err != nil {
			return 0, err
		}
		return fence, total.Set(ctx, "sum", v+n)
	})
	v, _, _ := total.Get(ctx, "sum")
	fmt.Println(v, err)
	// Output: 4950 <nil>
}

func ExampleLease_Abandoned() {
	ctx := context.Background()
	l, _ := dict.MakeLease(ctx)
	err := parfor.Each(ctx, []int{0}, func(ctx context.Context, _ int) error {
		fence, err := l.Acquire(ctx)
		if err != nil {
			return err
		}
		abandoned, err := l.Abandoned(ctx)
		fmt.Println(fence, abandoned)
		if !abandoned {
			return errors.New("half done")
		}
		return err
	}, parfor.Attempts(2))
	fmt.Println(err)
	// Output:
	// 1 false
	// 2 true
	// <nil>
}

func ExampleLease_Lock() {
	ctx := context.Background()
	l, _ := dict.MakeLease(ctx)
	fence, unlock, err := l.Lock(ctx)
	defer unlock()
	fmt.Println(fence, err)
	// Output: 1 <nil>
}

func ExampleNewBarrier() {
	fmt.Println(line.Name())
	// Output: parfor.dev/parfor/dict_test.starting line
}

func ExampleBarrier_Wait() {
	ctx := context.Background()
	b, _ := dict.MakeBarrier(ctx, 3)
	turns, err := parfor.Map(ctx, parfor.Range(3), func(ctx context.Context, _ int) (int, error) {
		return b.Wait(ctx)
	}, parfor.Chunk(1))
	fmt.Println(turns[0]+turns[1]+turns[2], err)
	_, err = parfor.Map(ctx, parfor.Range(3), func(ctx context.Context, _ int) (int, error) {
		return b.Wait(ctx)
	}, parfor.Workers(2))
	fmt.Println(errors.Is(err, dict.ErrTooWide))
	// Output:
	// 3 <nil>
	// true
}

func ExampleBarrier_Reset() {
	ctx := context.Background()
	b, _ := dict.MakeBarrier(ctx, 3)
	fmt.Println(b.Reset(ctx))
	// Output: <nil>
}

// Every task waits, and none is left to put anything.
func ExampleFromOutside() {
	ctx := context.Background()
	take := func(ctx context.Context, q *dict.Queue[int]) (int, error) { return q.Take(ctx) }
	q, _ := dict.MakeQueue[int](ctx, 1)
	_, err := parfor.Map(ctx, []*dict.Queue[int]{q}, take)
	fmt.Println(errors.Is(err, dict.ErrDeadlock))

	q, _ = dict.MakeQueue[int](ctx, 1, dict.FromOutside())
	go q.Put(ctx, 7)
	got, err := parfor.Map(ctx, []*dict.Queue[int]{q}, take)
	fmt.Println(got, err)
	// Output:
	// true
	// [7] <nil>
}
