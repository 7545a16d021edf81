package dicttest

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/engine"
)

var (
	byItem = dict.New[string, int]("byItem", dict.LastByItem())
	wiped  = dict.New[string, int]("wiped", dict.LastByItem())
	wiped2 = dict.New[string, []int]("wiped2", dict.LastByItem())
)

// turn is one of two items. The first waits for the second to commit.
type turn struct {
	N    int
	Wait bool
}

// outdone writes the same keys in both items, by every write that the order
// of items concerns, and some that it doesn't.
func outdone(ctx context.Context, t turn) (int, error) {
	for t.Wait && t.N == 0 {
		if _, ok, err := ints.Get(ctx, 1); ok || err != nil {
			t.Wait = false
		}
		runtime.Gosched()
	}
	errs := []error{ints.Set(ctx, t.N, t.N), byItem.Set(ctx, "a", t.N), byItem.Add(ctx, "sum", 1)}
	if t.N == 0 {
		errs = append(errs, byItem.Delete(ctx, "b"), byItem.Update(ctx, map[string]int{"c": 0, "d": 0}), byItem.Set(ctx, "own", 0),
			wiped.Clear(ctx), wiped.Set(ctx, "first", 0),
			wiped2.Set(ctx, "first", []int{0}))
	} else {
		errs = append(errs, byItem.Set(ctx, "b", 1), byItem.Delete(ctx, "c"), byItem.SetMany(ctx, []dict.KV[string, int]{{Key: "d", Value: 1}}),
			wiped.Set(ctx, "second", 1),
			wiped2.Clear(ctx), wiped2.Set(ctx, "second", []int{1}))
	}
	return t.N, errors.Join(errs...)
}

// outdoneInside is both items as one task.
func outdoneInside(ctx context.Context, t turn) (int, error) {
	n, err := parfor.Map(ctx, []turn{{0, t.Wait}, {1, t.Wait}}, outdone)
	return len(n), err
}

// highest keeps the highest item for each key.
func highest(ctx context.Context, n int) (int, error) {
	return n, errors.Join(byItem.Set(ctx, fmt.Sprint(n%7), n), byItem.Add(ctx, "sum", 1))
}

var _, _, _ = parfor.Register(outdone), parfor.Register(outdoneInside), parfor.Register(highest)

func lastByItem(f *fixture) {
	wait := f.x.Seal(engine.Key{}).Kind != "sequential"
	if _, err := parfor.Map(f.Context(), []turn{{0, wait}, {1, wait}}, outdone, parfor.On(f.x), parfor.Chunk(1)); err != nil {
		f.Fatal(err)
	}
	wantOutdone(f)
	if err := byItem.Clear(f.Context()); err != nil {
		f.Fatal(err)
	}
	const n = 2000
	if _, err := parfor.Map(f.Context(), parfor.Range(n), highest, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	m := map[string]int{"sum": n}
	for i := range n {
		m[fmt.Sprint(i%7)] = i
	}
	want(f, byItem, m)
	if _, err := parfor.Map(f.Context(), parfor.Range(7), highest, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	for i := range 7 { // another loop begins anew
		m[fmt.Sprint(i)], m["sum"] = i, n+7
	}
	want(f, byItem, m)
}

func lastByItemInside(f *fixture) {
	if _, err := parfor.Map(f.Context(), []turn{{0, true}}, outdoneInside, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	wantOutdone(f)
}

// wantOutdone: everything is as if the items had come one after the other.
func wantOutdone(f *fixture) {
	f.Helper()
	want(f, byItem, map[string]int{"a": 1, "b": 1, "d": 1, "own": 0, "sum": 2})
	want(f, wiped, map[string]int{"first": 0, "second": 1})
	m := expect[map[string][]int](f)(wiped2.Snapshot(f.Context()))
	if len(m) != 1 || len(m["second"]) != 1 {
		f.Errorf("cleared by the later item: %v", m)
	}
}
