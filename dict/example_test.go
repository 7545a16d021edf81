package dict_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	statuses = dict.New[int, int]("statuses")
	hits     = dict.New[string, int]("hits")
)

// A body writes to dictionaries; what it wrote counts if it succeeds.
func Example() {
	ctx := context.Background()
	post := func(ctx context.Context, n int) error {
		status := 200 + n%2
		if err := statuses.Set(ctx, n, status); err != nil {
			return err
		}
		if err := hits.Add(ctx, "HTTP/1.1", 1); err != nil {
			return err
		}
		if n == 7 {
			return errors.New("refused")
		}
		return nil
	}
	err := parfor.Each(ctx, parfor.Range(10), post, parfor.KeepGoing())
	_, seven, _ := statuses.Get(ctx, 7)
	n, _, _ := hits.Get(ctx, "HTTP/1.1")
	fmt.Println(len(parfor.Failed(err)), "failed; has 7:", seven, "hits:", n)
	// Output: 1 failed; has 7: false hits: 9
}

func ExampleNew() {
	fmt.Println(statuses.Name())
	// Output: parfor.dev/parfor/dict_test.statuses
}

// The tutorial's dictionary as a parameter: it travels inside the items.
func ExampleMake() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	squares, err := dict.Make[int, int](ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	type job struct {
		N  int
		In *dict.Dict[int, int]
	}
	jobs := []job{{2, squares}, {3, squares}}
	err = parfor.Each(ctx, jobs, func(ctx context.Context, j job) error { return j.In.Set(ctx, j.N, j.N*j.N) })
	m, _ := squares.Snapshot(ctx)
	fmt.Println(m, err)
	// Output: map[2:4 3:9] <nil>
}

func ExampleImmutable() {
	ctx := context.Background()
	pages, _ := dict.Make[string, []byte](ctx, dict.Immutable())
	body := []byte("hello")
	pages.Set(ctx, "/", body)
	got, _, _ := pages.Get(ctx, "/")
	fmt.Println(&got[0] == &body[0])
	// Output: true
}

func ExampleDict_Set() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Set(ctx, "a", 1)
	fmt.Println(d.Get(ctx, "a"))
	// Output: 1 true <nil>
}

func ExampleDict_Get() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	fmt.Println(d.Get(ctx, "absent"))
	// Output: 0 false <nil>
}

func ExampleDict_Has() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Set(ctx, "a", 0)
	fmt.Println(d.Has(ctx, "a"))
	// Output: true <nil>
}

func ExampleDict_Delete() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Set(ctx, "a", 1)
	d.Delete(ctx, "a")
	fmt.Println(d.Has(ctx, "a"))
	// Output: false <nil>
}

// No update is lost, whoever else adds.
func ExampleDict_Add() {
	ctx := context.Background()
	words, _ := dict.Make[string, int](ctx)
	count := func(ctx context.Context, word string) error { return words.Add(ctx, word, 1) }
	err := parfor.Each(ctx, []string{"to", "be", "or", "not", "to", "be"}, count)
	fmt.Println(err)
	fmt.Println(words.Snapshot(ctx))
	// Output:
	// <nil>
	// map[be:2 not:1 or:1 to:2] <nil>
}

func ExampleDict_Update() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Update(ctx, map[string]int{"a": 1, "b": 2})
	d.Update(ctx, map[string]int{"b": 3})
	fmt.Println(d.Snapshot(ctx))
	// Output: map[a:1 b:3] <nil>
}

func ExampleDict_Clear() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Set(ctx, "a", 1)
	d.Clear(ctx)
	fmt.Println(d.Len(ctx))
	// Output: 0 <nil>
}

func ExampleDict_Len() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Update(ctx, map[string]int{"a": 1, "b": 2})
	fmt.Println(d.Len(ctx))
	// Output: 2 <nil>
}

func ExampleDict_Snapshot() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Set(ctx, "a", 1)
	m, _ := d.Snapshot(ctx)
	d.Set(ctx, "a", 2)
	fmt.Println(m)
	// Output: map[a:1]
}

// All has no order of its own.
func ExampleDict_All() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Update(ctx, map[string]int{"b": 2, "a": 1})
	for _, k := range slices.Sorted(maps.Keys(maps.Collect(d.All(ctx)))) {
		fmt.Println(k)
	}
	// Output:
	// a
	// b
}

func ExampleDict_Name() {
	fmt.Println(hits.Name())
	// Output: parfor.dev/parfor/dict_test.hits
}

func ExampleDict_Close() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	d.Close()
	fmt.Println(errors.Is(d.Set(ctx, "a", 1), dict.ErrClosed))
	// Output: true
}

// What is encoded is the handle, not the entries.
func ExampleDict_AppendBinary() {
	b, err := statuses.AppendBinary([]byte("handle: "))
	fmt.Println(len(b), err)
	// Output: 26 <nil>
}

func ExampleDict_MarshalBinary() {
	b, err := statuses.MarshalBinary()
	fmt.Println(len(b), err)
	// Output: 18 <nil>
}

func ExampleDict_UnmarshalBinary() {
	ctx := context.Background()
	d, _ := dict.Make[string, int](ctx)
	defer d.Close()
	b, _ := d.MarshalBinary()
	var same dict.Dict[string, int]
	err := same.UnmarshalBinary(b)
	same.Set(ctx, "a", 1)
	fmt.Println(d.Has(ctx, "a"))
	fmt.Println(err)
	// Output:
	// true <nil>
	// <nil>
}
