package dicttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// former keeps the context of a task that ran before in this process.
var former struct {
	sync.Mutex
	ctx context.Context
}

// useFormer writes with the context of a task before, if there was one, and
// returns whether that was refused as it should be. Its own context is kept
// only from the next task on, so that the kept one belongs to a task that
// ended.
func useFormer(ctx context.Context, n int) (bool, error) {
	former.Lock()
	defer former.Unlock()
	defer func() { former.ctx = ctx }()
	if former.ctx == nil {
		return false, nil
	}
	err := ints.Set(former.ctx, n, n)
	_, _, rerr := ints.Get(former.ctx, n)
	if !errors.Is(err, dict.ErrTaskDone) || !errors.Is(rerr, dict.ErrTaskDone) {
		return false, fmt.Errorf("with an old context: Set %v, Get %v", err, rerr)
	}
	return true, nil
}

var _ = parfor.Register(useFormer)

func oldContext(f *fixture) {
	former.Lock()
	former.ctx = nil
	former.Unlock()
	refused := 0
	for i := range 30 {
		if expect[bool](f)(parfor.Submit(f.Context(), f.x, useFormer, i).Result(f.Context())) {
			refused++
		}
	}
	if refused == 0 {
		f.Fatal("no task had an old context to try")
	}
	want(f, ints, map[int]int{})
}

func outer(_ context.Context, n int) (string, error) {
	err := ints.Set(context.Background(), n, n)
	if errors.Is(err, dict.ErrNoTask) {
		return "no task", nil
	}
	return "", err
}

var _ = parfor.Register(outer)

func noTask(f *fixture) {
	for _, s := range expect[[]string](f)(parfor.Map(f.Context(), parfor.Range(10), outer, parfor.On(f.x))) {
		if (s == "no task") != f.remote {
			f.Fatalf("a call without the task's context: %q", s)
		}
	}
}

func inner(ctx context.Context, n int) error {
	if n < 0 {
		return errBody
	}
	if ok, err := counts.Has(ctx, "outer"); err != nil || !ok {
		return fmt.Errorf("an inner task does not see what its task wrote: %w", err)
	}
	return counts.Add(ctx, "inner", 1)
}

// nest runs a loop inside the task; a negative item makes the inner loop fail,
// an odd one the task.
func nest(ctx context.Context, n int) (int, error) {
	if err := counts.Add(ctx, "outer", 1); err != nil {
		return 0, err
	}
	before, _, err := counts.Get(ctx, "inner")
	if err != nil {
		return 0, err
	}
	items := parfor.Range(5)
	if n < 0 {
		items = append(items, -1)
	}
	loopErr := parfor.Each(ctx, items, inner, parfor.Workers(2))
	m, err := counts.Snapshot(ctx)
	if err != nil {
		return 0, err
	}
	if n >= 0 && (loopErr != nil || m["inner"] < before+5) {
		return 0, fmt.Errorf("after the inner loop (%v): %v, before %d", loopErr, maps.Collect(maps.All(m)), before)
	}
	if n < 0 {
		return 0, loopErr
	}
	if n%2 == 1 {
		return 0, errBody
	}
	return n, nil
}

var _ = parfor.Register(nest)

func nestedLoops(f *fixture) {
	_, err := parfor.Map(f.Context(), parfor.Range(40), nest, parfor.On(f.x), parfor.KeepGoing(), parfor.OnConflict(parfor.Rerun))
	for i, err := range parfor.Failed(err) {
		if i%2 == 0 || !errors.Is(err, errBody) {
			f.Errorf("item %d: %v", i, err)
		}
	}
	want(f, counts, map[string]int{"outer": 20, "inner": 100})
}

func nestedFailure(f *fixture) {
	_, err := parfor.Map(f.Context(), []int{-1, 2, -3, 4}, nest, parfor.On(f.x), parfor.KeepGoing(), parfor.OnConflict(parfor.Rerun))
	if failed := parfor.Failed(err); len(failed) != 2 {
		f.Fatalf("2 of 4 should fail: %v", err)
	}
	want(f, counts, map[string]int{"outer": 2, "inner": 10})
}

func tally(ctx context.Context, p parcel) error { return p.Seen.Add(ctx, "n", p.N) }

// makeInside has a dictionary of its own for an inner loop.
func makeInside(ctx context.Context, n int) (int, error) {
	d, err := dict.Make[string, int](ctx)
	if err != nil {
		return 0, err
	}
	items := make([]parcel, n)
	for i := range items {
		items[i] = parcel{2, d}
	}
	if err := parfor.Each(ctx, items, tally); err != nil {
		return 0, err
	}
	v, _, err := d.Get(ctx, "n")
	return v, err
}

var _ = parfor.Register(makeInside)

func madeInside(f *fixture) {
	for i, v := range expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(20), makeInside, parfor.On(f.x))) {
		if v != 2*i {
			f.Fatalf("the dictionary of task %d counted %d", i, v)
		}
	}
}
