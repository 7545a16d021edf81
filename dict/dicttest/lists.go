package dicttest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	log     = dict.NewList[string]("log")
	numbers = dict.NewList[int]("numbers")
	trees   = dict.NewList[map[string][]int]("trees")
)

// entry3 appends three elements in two calls, and fails some items after that.
func entry3(ctx context.Context, n int) (int, error) {
	if err := errors.Join(log.Append(ctx, itoa(n)), log.Append(ctx, itoa(n), itoa(n))); err != nil {
		return 0, err
	}
	switch n % 10 {
	case 3:
		return 0, errBody
	case 5:
		panic("the body panics on purpose")
	}
	return n, nil
}

var _ = parfor.Register(entry3)

func listAppends(f *fixture) {
	const n = 200
	_, err := parfor.Map(f.Context(), parfor.Range(n), entry3, parfor.On(f.x), parfor.KeepGoing())
	failed := parfor.Failed(err)
	all := expect[[]string](f)(log.Snapshot(f.Context()))
	if len(failed) != n/5 || len(all) != 3*(n-len(failed)) {
		f.Fatalf("%d tasks failed, the list has %d elements", len(failed), len(all))
	}
	seen := map[string]bool{}
	for i := 0; i < len(all); i += 3 {
		if all[i] != all[i+1] || all[i] != all[i+2] || seen[all[i]] {
			f.Fatalf("elements of one task do not stand together: %v at %d", all[i:i+3], i)
		}
		seen[all[i]] = true
	}
}

// listPlace appends and is told where that is.
func listPlace(ctx context.Context, n int) (int, error) {
	if err := numbers.Append(ctx, n); err != nil {
		return 0, err
	}
	size, err := numbers.Len(ctx)
	if err != nil {
		return 0, err
	}
	v, ok, err := numbers.At(ctx, size-1)
	if err != nil || !ok || v != n {
		return 0, fmt.Errorf("the element just appended is %d, %v, %w", v, ok, err)
	}
	return size - 1, nil
}

var _ = parfor.Register(listPlace)

func listPlaces(f *fixture) {
	const n = 100
	places := expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(n), listPlace, parfor.On(f.x), parfor.OnConflict(parfor.Rerun)))
	all := expect[[]int](f)(numbers.Snapshot(f.Context()))
	for i, at := range places {
		if all[at] != i {
			f.Fatalf("item %d was told place %d, where %d is", i, at, all[at])
		}
	}
}

// unlessThere appends, in a serializable loop, what it does not find.
func unlessThere(ctx context.Context, n int) error {
	all, err := numbers.Snapshot(ctx)
	if err != nil || slices.Contains(all, n%5) {
		return err
	}
	return numbers.Append(ctx, n%5)
}

var _ = parfor.RegisterEach(unlessThere)

func listSerializable(f *fixture) {
	if err := parfor.Each(f.Context(), parfor.Range(40), unlessThere, parfor.On(f.x), parfor.Serializable(), parfor.OnConflict(parfor.Rerun)); err != nil {
		f.Fatal(err)
	}
	all := expect[[]int](f)(numbers.Snapshot(f.Context()))
	slices.Sort(all)
	if !slices.Equal(all, parfor.Range(5)) {
		f.Errorf("no order of the tasks leaves %v", all)
	}
}

// readTree reads the elements in each way and tries to change them.
func readTree(ctx context.Context, n int) error {
	want := []int{1, 2}
	all, err := trees.Snapshot(ctx)
	if err != nil {
		return err
	}
	v, ok, err := trees.At(ctx, 0)
	if err != nil || !ok {
		return fmt.Errorf("the first element: %v, %w", ok, err)
	}
	for i, w := range trees.All(ctx) {
		for _, m := range []map[string][]int{w, all[i], v} {
			if !slices.Equal(m["a"], want) {
				return fmt.Errorf("element %d is %v", i, m)
			}
			m["a"][0] = n
		}
	}
	return nil
}

var _ = parfor.RegisterEach(readTree)

func listCopies(f *fixture) {
	m := map[string][]int{"a": {1, 2}}
	if err := trees.Append(f.Context(), m); err != nil {
		f.Fatal(err)
	}
	m["a"][0] = 9
	if err := parfor.Each(f.Context(), parfor.Range(20), readTree, parfor.On(f.x)); err != nil {
		f.Error(err)
	}
}

func listInner(ctx context.Context, n int) error {
	all, err := numbers.Snapshot(ctx)
	if err != nil || len(all) == 0 {
		return fmt.Errorf("an inner task does not see what its task appended: %v, %w", all, err)
	}
	if err := numbers.Append(ctx, n, n); err != nil || n < 0 {
		return errors.Join(err, errBody)
	}
	return nil
}

// listNest appends before and in an inner loop; odd items fail then, and of
// the inner loop one item does.
func listNest(ctx context.Context, n int) (int, error) {
	if err := numbers.Append(ctx, 100); err != nil {
		return 0, err
	}
	err := parfor.Each(ctx, []int{1, 2, -1}, listInner, parfor.Workers(2), parfor.KeepGoing())
	if len(parfor.Failed(err)) != 1 {
		return 0, fmt.Errorf("one inner task fails: %w", err)
	}
	all, err := numbers.Snapshot(ctx)
	if own := all[max(0, len(all)-5):]; err != nil || len(own) != 5 || own[0] != 100 || own[1] != own[2] || own[3] != own[4] {
		return 0, fmt.Errorf("after the inner loop the task sees %v, %w", all, err)
	}
	if n%2 == 1 {
		return 0, errBody
	}
	return len(all), nil
}

var _ = parfor.Register(listNest)

func listInNestedLoops(f *fixture) {
	const n = 20
	_, err := parfor.Map(f.Context(), parfor.Range(n), listNest, parfor.On(f.x), parfor.KeepGoing(), parfor.OnConflict(parfor.Rerun))
	failed := parfor.Failed(err)
	all := expect[[]int](f)(numbers.Snapshot(f.Context()))
	if len(failed) != n/2 || len(all) != 5*n/2 {
		f.Fatalf("%d tasks failed (%v), the list has %d elements: %v", len(failed), err, len(all), all)
	}
	for i := 0; i < len(all); i += 5 {
		if all[i] != 100 || all[i+1]+all[i+3] != 3 {
			f.Fatalf("a task appended %v", all[i:i+5])
		}
	}
}

// clearThenAppend leaves the list with its own element alone.
func clearThenAppend(ctx context.Context, n int) error {
	return errors.Join(numbers.Append(ctx, -1), numbers.Clear(ctx), numbers.Append(ctx, n))
}

var _ = parfor.RegisterEach(clearThenAppend)

func listClears(f *fixture) {
	if err := parfor.Each(f.Context(), parfor.Range(30), clearThenAppend, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	if all := expect[[]int](f)(numbers.Snapshot(f.Context())); len(all) != 1 || all[0] < 0 {
		f.Errorf("the list is %v", all)
	}
}
