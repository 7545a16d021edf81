package dict_test

import (
	"context"
	"fmt"

	"parfor.dev/parfor/dict"
)

var flags = dict.NewLive[string, int]("flags")

func ExampleNewLive() {
	fmt.Println(flags.Name())
	// Output: parfor.dev/parfor/dict_test.flags
}

func ExampleLive_SetIfAbsent() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	fmt.Println(flags.SetIfAbsent(ctx, "leader", 1))
	fmt.Println(flags.SetIfAbsent(ctx, "leader", 2))
	// Output:
	// 1 true <nil>
	// 1 false <nil>
}

func ExampleLive_CompareAndSwap() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	flags.Set(ctx, "state", 1)
	fmt.Println(flags.CompareAndSwap(ctx, "state", 1, 2))
	fmt.Println(flags.CompareAndSwap(ctx, "state", 1, 3))
	fmt.Println(flags.CompareAndDelete(ctx, "state", 2))
	// Output:
	// true <nil>
	// false <nil>
	// true <nil>
}

func ExampleLive_CompareAndDelete() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	flags.Set(ctx, "state", 1)
	fmt.Println(flags.CompareAndDelete(ctx, "state", 7))
	// Output: false <nil>
}

func ExampleLive_Swap() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	flags.Set(ctx, "state", 1)
	fmt.Println(flags.Swap(ctx, "state", 2))
	// Output: 1 true <nil>
}

func ExampleLive_Pop() {
	ctx := context.Background()
	flags.Set(ctx, "state", 1)
	fmt.Println(flags.Pop(ctx, "state"))
	fmt.Println(flags.Pop(ctx, "state"))
	// Output:
	// 1 true <nil>
	// 0 false <nil>
}

func ExampleLive_Add() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	flags.Add(ctx, "n", 2)
	fmt.Println(flags.Add(ctx, "n", 3))
	// Output: 5 <nil>
}

func ExampleLive_Get() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	flags.Set(ctx, "n", 1)
	fmt.Println(flags.Get(ctx, "n"))
	flags.Delete(ctx, "n")
	fmt.Println(flags.Get(ctx, "n"))
	// Output:
	// 1 true <nil>
	// 0 false <nil>
}

func ExampleLive_Set() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	fmt.Println(flags.Set(ctx, "n", 1))
	// Output: <nil>
}

func ExampleLive_Delete() {
	ctx := context.Background()
	fmt.Println(flags.Delete(ctx, "never there"))
	// Output: <nil>
}

func ExampleLive_Snapshot() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	flags.Set(ctx, "a", 1)
	flags.Set(ctx, "b", 2)
	fmt.Println(flags.Snapshot(ctx))
	fmt.Println(flags.Len(ctx))
	// Output:
	// map[a:1 b:2] <nil>
	// 2 <nil>
}

func ExampleLive_Len() {
	fmt.Println(flags.Len(context.Background()))
	// Output: 0 <nil>
}

func ExampleLive_Clear() {
	ctx := context.Background()
	flags.Set(ctx, "a", 1)
	fmt.Println(flags.Clear(ctx))
	// Output: <nil>
}

func ExampleLive_WaitFor() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	go flags.Set(ctx, "ready", 7)
	fmt.Println(flags.WaitFor(ctx, "ready"))
	// Output: 7 <nil>
}

func ExampleLive_WaitUntil() {
	ctx := context.Background()
	defer flags.Clear(ctx)
	go func() {
		for range 5 {
			flags.Add(ctx, "count", 1)
		}
	}()
	fmt.Println(flags.WaitUntil(ctx, "count", func(n int, _ bool) bool { return n >= 5 }))
	// Output: 5 <nil>
}
