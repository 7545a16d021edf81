package dict_test

import (
	"context"
	"errors"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var found = dict.NewList[string]("found")

func ExampleList() {
	ctx := context.Background()
	look := func(ctx context.Context, page string) error {
		if page == "/broken" {
			found.Append(ctx, "half of it")
			return errors.New("no such page")
		}
		return found.Append(ctx, page+" title", page+" text")
	}
	err := parfor.Each(ctx, []string{"/a", "/broken", "/b"}, look, parfor.On(parfor.Sequential()), parfor.KeepGoing())
	all, _ := found.Snapshot(ctx)
	fmt.Println(all, len(parfor.Failed(err)))
	// Output: [/a title /a text /b title /b text] 1
}

func ExampleNewList() {
	fmt.Println(found.Name())
	// Output: parfor.dev/parfor/dict_test.found
}

func ExampleMakeList() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l, err := dict.MakeList[int](ctx, dict.MaxEntries(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.Append(ctx, 1, 2), errors.Is(l.Append(ctx, 3), dict.ErrFull))
	// Output: <nil> true
}

func ExampleList_Append() {
	ctx := context.Background()
	l, _ := dict.MakeList[int](ctx)
	l.Append(ctx, 1, 2)
	l.Append(ctx, 3)
	fmt.Println(l.Snapshot(ctx))
	// Output: [1 2 3] <nil>
}

func ExampleList_Clear() {
	ctx := context.Background()
	l, _ := dict.MakeList[int](ctx)
	l.Append(ctx, 1, 2)
	l.Clear(ctx)
	fmt.Println(l.Len(ctx))
	// Output: 0 <nil>
}

func ExampleList_Len() {
	ctx := context.Background()
	l, _ := dict.MakeList[string](ctx)
	l.Append(ctx, "a", "b")
	fmt.Println(l.Len(ctx))
	// Output: 2 <nil>
}

func ExampleList_At() {
	ctx := context.Background()
	l, _ := dict.MakeList[string](ctx)
	l.Append(ctx, "a", "b")
	fmt.Println(l.At(ctx, 1))
	_, ok, _ := l.At(ctx, 2)
	fmt.Println(ok)
	// Output:
	// b true <nil>
	// false
}

func ExampleList_Snapshot() {
	ctx := context.Background()
	l, _ := dict.MakeList[int](ctx)
	l.Append(ctx, 1)
	all, _ := l.Snapshot(ctx)
	all[0] = 2 // a copy
	fmt.Println(l.Snapshot(ctx))
	// Output: [1] <nil>
}

func ExampleList_All() {
	ctx := context.Background()
	l, _ := dict.MakeList[string](ctx)
	l.Append(ctx, "a", "b")
	for i, v := range l.All(ctx) {
		l.Append(ctx, v+v) // the iteration doesn't see it
		fmt.Println(i, v)
	}
	// Output:
	// 0 a
	// 1 b
}

func ExampleList_Name() {
	var l *dict.List[int]
	fmt.Println(l.Name())
	// Output: nil list
}

func ExampleList_Close() {
	ctx := context.Background()
	l, _ := dict.MakeList[int](ctx)
	l.Close()
	fmt.Println(errors.Is(l.Append(ctx, 1), dict.ErrClosed))
	// Output: true
}

// A handle travels as a few bytes.
func ExampleList_MarshalBinary() {
	ctx := context.Background()
	l, _ := dict.MakeList[int](ctx)
	defer l.Close()
	b, _ := l.MarshalBinary()
	var same dict.List[int]
	fmt.Println(same.UnmarshalBinary(b), same.Append(ctx, 1))
	fmt.Println(l.Snapshot(ctx))
	// Output:
	// <nil> <nil>
	// [1] <nil>
}

func ExampleList_AppendBinary() {
	l, _ := dict.MakeList[int](context.Background())
	defer l.Close()
	b, err := l.AppendBinary([]byte("handle: "))
	fmt.Println(len(b) > len("handle: "), err)
	// Output: true <nil>
}

func ExampleList_UnmarshalBinary() {
	var l dict.List[int]
	fmt.Println(l.UnmarshalBinary([]byte("no handle")))
	// Output: dict: these bytes are no handle
}
