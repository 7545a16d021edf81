package dict_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	bytesRead = dict.NewCounter("bytes read")
	newest    = dict.NewVar[string]("newest")
	ready     = dict.NewEvent("ready")
)

func ExampleCounter() {
	ctx := context.Background()
	read := func(ctx context.Context, n int) error {
		if err := bytesRead.Add(ctx, 100); err != nil {
			return err
		}
		if n == 3 {
			return errors.New("refused") // it has counted nothing
		}
		return nil
	}
	parfor.Each(ctx, parfor.Range(10), read, parfor.KeepGoing())
	fmt.Println(bytesRead.Get(ctx))
	// Output: 900 <nil>
}

func ExampleNewCounter() {
	fmt.Println(bytesRead.Name())
	// Output: parfor.dev/parfor/dict_test.bytes read
}

func ExampleMakeCounter() {
	ctx := context.Background()
	n, err := dict.MakeCounter(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	n.Add(ctx, 2)
	fmt.Println(n.Get(ctx))
	// Output: 2 <nil>
}

func ExampleCounter_Add() {
	ctx := context.Background()
	n, _ := dict.MakeCounter(ctx)
	n.Add(ctx, 5)
	n.Add(ctx, -2)
	fmt.Println(n.Get(ctx))
	// Output: 3 <nil>
}

// Every task gets a ticket of its own.
func ExampleCounter_AddGet() {
	ctx := context.Background()
	n, _ := dict.MakeCounter(ctx)
	ticket := func(ctx context.Context, _ int) (int64, error) { return n.AddGet(ctx, 1) }
	got, err := parfor.Map(ctx, parfor.Range(5), ticket, parfor.OnConflict(parfor.Rerun))
	slices.Sort(got)
	fmt.Println(got, err)
	// Output: [1 2 3 4 5] <nil>
}

func ExampleCounter_Get() {
	ctx := context.Background()
	n, _ := dict.MakeCounter(ctx)
	fmt.Println(n.Get(ctx))
	// Output: 0 <nil>
}

func ExampleCounter_Set() {
	ctx := context.Background()
	n, _ := dict.MakeCounter(ctx)
	n.Set(ctx, 40)
	fmt.Println(n.AddGet(ctx, 2))
	// Output: 42 <nil>
}

func ExampleCounter_Name() {
	var n *dict.Counter
	fmt.Println(n.Name())
	// Output: nil dictionary
}

func ExampleCounter_Close() {
	ctx := context.Background()
	n, _ := dict.MakeCounter(ctx)
	n.Close()
	fmt.Println(errors.Is(n.Add(ctx, 1), dict.ErrClosed))
	// Output: true
}

// A counter as a parameter of bodies travels inside the items.
func ExampleCounter_MarshalBinary() {
	ctx := context.Background()
	n, _ := dict.MakeCounter(ctx)
	defer n.Close()
	b, _ := n.MarshalBinary()
	var same dict.Counter
	fmt.Println(same.UnmarshalBinary(b), same.Add(ctx, 1))
	fmt.Println(n.Get(ctx))
	// Output:
	// <nil> <nil>
	// 1 <nil>
}

func ExampleCounter_AppendBinary() {
	n, _ := dict.MakeCounter(context.Background())
	defer n.Close()
	b, err := n.AppendBinary([]byte("handle: "))
	fmt.Println(len(b) > len("handle: "), err)
	// Output: true <nil>
}

func ExampleCounter_UnmarshalBinary() {
	var n dict.Counter
	fmt.Println(n.UnmarshalBinary([]byte("no handle")))
	// Output: dict: these bytes are no handle
}

func ExampleVar() {
	ctx := context.Background()
	news := []string{"a storm", "an election"}
	err := parfor.Each(ctx, news, newest.Set, parfor.On(parfor.Sequential()))
	fmt.Println(newest.Get(ctx))
	fmt.Println(err)
	// Output:
	// an election true <nil>
	// <nil>
}

func ExampleNewVar() {
	fmt.Println(newest.Name())
	// Output: parfor.dev/parfor/dict_test.newest
}

func ExampleMakeVar() {
	ctx := context.Background()
	x, err := dict.MakeVar[[]int](ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	x.Set(ctx, []int{1, 2})
	fmt.Println(x.Get(ctx))
	// Output: [1 2] true <nil>
}

func ExampleVar_Get() {
	ctx := context.Background()
	x, _ := dict.MakeVar[string](ctx)
	_, ok, err := x.Get(ctx)
	fmt.Println(ok, err)
	// Output: false <nil>
}

func ExampleVar_Set() {
	ctx := context.Background()
	x, _ := dict.MakeVar[string](ctx)
	x.Set(ctx, "a")
	x.Set(ctx, "b")
	fmt.Println(x.Get(ctx))
	// Output: b true <nil>
}

func ExampleVar_Clear() {
	ctx := context.Background()
	x, _ := dict.MakeVar[string](ctx)
	x.Set(ctx, "a")
	x.Clear(ctx)
	_, ok, _ := x.Get(ctx)
	fmt.Println(ok)
	// Output: false
}

// best keeps the larger of two results.
func best(old int, ok bool, result int) (int, bool) { return max(old, result), true }

var _ = dict.RegisterCompute(best)

func ExampleComputeVar() {
	ctx := context.Background()
	record, _ := dict.MakeVar[int](ctx)
	record.Set(ctx, 7)
	fmt.Println(dict.ComputeVar(ctx, record, best, 9))
	fmt.Println(dict.ComputeVar(ctx, record, best, 3))
	// Output:
	// 9 true <nil>
	// 9 true <nil>
}

func ExampleVar_Name() {
	var x *dict.Var[int]
	fmt.Println(x.Name())
	// Output: nil dictionary
}

func ExampleVar_Close() {
	ctx := context.Background()
	x, _ := dict.MakeVar[int](ctx)
	x.Close()
	fmt.Println(errors.Is(x.Set(ctx, 1), dict.ErrClosed))
	// Output: true
}

func ExampleVar_MarshalBinary() {
	ctx := context.Background()
	x, _ := dict.MakeVar[int](ctx)
	defer x.Close()
	b, _ := x.MarshalBinary()
	var same dict.Var[int]
	fmt.Println(same.UnmarshalBinary(b), same.Set(ctx, 1))
	fmt.Println(x.Get(ctx))
	// Output:
	// <nil> <nil>
	// 1 true <nil>
}

func ExampleVar_AppendBinary() {
	x, _ := dict.MakeVar[int](context.Background())
	defer x.Close()
	b, err := x.AppendBinary([]byte("handle: "))
	fmt.Println(len(b) > len("handle: "), err)
	// Output: true <nil>
}

func ExampleVar_UnmarshalBinary() {
	var x dict.Var[int]
	fmt.Println(x.UnmarshalBinary([]byte("no handle")))
	// Output: dict: these bytes are no handle
}

// The tasks wait for the one that prepares something.
func ExampleEvent() {
	ctx := context.Background()
	work := func(ctx context.Context, n int) (string, error) {
		if n == 0 {
			return "prepared", ready.Set(ctx) // when this task has succeeded
		}
		if err := ready.Wait(ctx); err != nil {
			return "", err
		}
		return "done", nil
	}
	fmt.Println(parfor.Map(ctx, []int{1, 2, 0}, work))
	// Output: [done done prepared] <nil>
}

func ExampleNewEvent() {
	fmt.Println(ready.Name())
	// Output: parfor.dev/parfor/dict_test.ready
}

func ExampleMakeEvent() {
	ctx := context.Background()
	e, err := dict.MakeEvent(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	e.Set(ctx)
	fmt.Println(e.Wait(ctx))
	// Output: <nil>
}

func ExampleEvent_Set() {
	ctx := context.Background()
	e, _ := dict.MakeEvent(ctx)
	go e.Set(ctx)
	fmt.Println(e.Wait(ctx))
	// Output: <nil>
}

func ExampleEvent_Clear() {
	ctx := context.Background()
	e, _ := dict.MakeEvent(ctx)
	e.Set(ctx)
	e.Clear(ctx)
	fmt.Println(e.IsSet(ctx))
	// Output: false <nil>
}

func ExampleEvent_IsSet() {
	ctx := context.Background()
	e, _ := dict.MakeEvent(ctx)
	e.Set(ctx)
	fmt.Println(e.IsSet(ctx))
	// Output: true <nil>
}

func ExampleEvent_Wait() {
	ctx, cancel := context.WithCancelCause(context.Background())
	e, _ := dict.MakeEvent(ctx)
	tired := errors.New("tired of waiting")
	go cancel(tired)
	fmt.Println(errors.Is(e.Wait(ctx), tired))
	// Output: true
}

func ExampleEvent_Name() {
	var e *dict.Event
	fmt.Println(e.Name())
	// Output: nil dictionary
}

func ExampleEvent_Close() {
	ctx := context.Background()
	e, _ := dict.MakeEvent(ctx)
	go e.Close()
	fmt.Println(errors.Is(e.Wait(ctx), dict.ErrClosed))
	// Output: true
}

func ExampleEvent_MarshalBinary() {
	ctx := context.Background()
	e, _ := dict.MakeEvent(ctx)
	defer e.Close()
	b, _ := e.MarshalBinary()
	var same dict.Event
	fmt.Println(same.UnmarshalBinary(b), same.Set(ctx))
	fmt.Println(e.IsSet(ctx))
	// Output:
	// <nil> <nil>
	// true <nil>
}

func ExampleEvent_AppendBinary() {
	e, _ := dict.MakeEvent(context.Background())
	defer e.Close()
	b, err := e.AppendBinary([]byte("handle: "))
	fmt.Println(len(b) > len("handle: "), err)
	// Output: true <nil>
}

func ExampleEvent_UnmarshalBinary() {
	var e dict.Event
	fmt.Println(e.UnmarshalBinary([]byte("no handle")))
	// Output: dict: these bytes are no handle
}
