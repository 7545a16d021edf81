package dict_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

type ctx = context.Context

var (
	listInts  = dict.NewList[int]("list ints")
	listTexts = dict.NewList[[]string]("list texts")
)

func freshList[T any](t testing.TB, opts ...dict.Option) *dict.List[T] {
	t.Helper()
	l, err := dict.MakeList[T](bg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// wantsList compares everything that reads l.
func wantsList(t testing.TB, ctx ctx, l *dict.List[int], want ...int) {
	t.Helper()
	got, err := l.Snapshot(ctx)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("Snapshot = %v, %v; want %v", got, err, want)
	}
	all := maps.Collect(l.All(ctx))
	if n, err := l.Len(ctx); n != len(want) || len(all) != n || err != nil {
		t.Fatalf("Len = %d, %v, All has %d; want %d", n, err, len(all), len(want))
	}
	for i, w := range want {
		if v, ok, err := l.At(ctx, i); v != w || all[i] != w || !ok || err != nil {
			t.Fatalf("At(%d) = %v, %v, %v, All has %v; want %v", i, v, ok, err, all[i], w)
		}
	}
	for _, i := range []int{-1, len(want)} {
		if _, ok, err := l.At(ctx, i); ok || err != nil {
			t.Fatalf("At(%d) = %v, %v", i, ok, err)
		}
	}
}

func TestListCommitsOnSuccessOnly(t *testing.T) {
	l := freshList[int](t)
	l.Append(bg, 1, 2)
	for _, ok := range []bool{false, true} {
		c := attempt(nil)
		l.Append(c, 3)
		l.Append(c)
		l.Append(c, 4, 5)
		wantsList(t, c, l, 1, 2, 3, 4, 5)
		wantsList(t, bg, l, 1, 2)
		finish(t, c, ok)
		if err := l.Append(c, 6); !errors.Is(err, dict.ErrTaskDone) {
			t.Errorf("Append with an old context: %v", err)
		}
	}
	wantsList(t, bg, l, 1, 2, 3, 4, 5)
	c := attempt(nil)
	l.Append(c, 9)
	l.Clear(c)
	wantsList(t, c, l)
	l.Append(c, 7)
	wantsList(t, c, l, 7)
	finish(t, c, true)
	wantsList(t, bg, l, 7)
	l.Clear(bg)
	wantsList(t, bg, l)
}

func TestListGrows(t *testing.T) {
	l := freshList[int](t)
	var want []int
	for n := 1; len(want) < 20000; n = n*3/2 + 1 {
		part := make([]int, n)
		for i := range part {
			part[i] = len(want) + i
		}
		before, _ := l.Snapshot(bg)
		if err := l.Append(bg, part...); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, want) {
			t.Fatal("an append changed a snapshot")
		}
		want = append(want, part...)
	}
	wantsList(t, bg, l, want...)
}

// Each row is a task that sees something and a change by another before it
// commits.
func TestListObservations(t *testing.T) {
	type list = *dict.List[int]
	size := func(c ctx, l list) { l.Len(c) }
	first := func(c ctx, l list) { l.At(c, 0) }
	end := func(c ctx, l list) { l.At(c, 2) }
	all := func(c ctx, l list) { l.Snapshot(c) }
	each := func(c ctx, l list) {
		for range l.All(c) {
			break
		}
	}
	write := func(c ctx, l list) { l.Append(c, 9) }
	wipe := func(c ctx, l list) { l.Clear(c) }
	do := func(fs ...func(ctx, list)) []func(ctx, list) { return fs }
	for _, r := range []struct {
		name             string
		task             []func(ctx, list)
		serial           bool
		onAppend, onWipe bool
	}{
		{"append", do(write), false, false, false},
		{"clear", do(wipe), false, false, false},
		{"len", do(size), false, false, false},
		{"len then append", do(size, write), false, true, true},
		{"append then len", do(write, size), false, true, true},
		{"len then clear", do(size, wipe), false, true, true},
		{"clear then len", do(wipe, write, size), false, false, false},
		{"first then append", do(first, write), false, false, true},
		{"append then end", do(write, end), false, true, true},
		{"snapshot then append", do(all, write), false, true, true},
		{"all then append", do(each, write), false, true, true},
		{"serializable append", do(write), true, false, false},
		{"serializable len", do(size), true, true, true},
		{"serializable first", do(first), true, false, true},
		{"serializable all", do(each), true, true, true},
	} {
		for _, away := range []bool{false, true} {
			for i, other := range []func(ctx, list){write, wipe, func(ctx, list) {}} {
				writeset.Fresh() // its restore isn't needed: the state starts empty in each round
				l := listInts
				l.Append(bg, 1, 2)
				c := attempt(nil)
				c.Loop = &task.Loop{Serializable: r.serial}
				run := func() {
					for _, f := range r.task {
						f(c, l)
					}
				}
				var err error
				if away {
					asWorker(t, run)
					other(bg, l)
					_, err = deliver(t, c)
				} else {
					run()
					other(bg, l)
					_, err = c.Finish(nil)
				}
				want := [...]bool{r.onAppend, r.onWipe, false}[i]
				if errors.Is(err, task.ErrConflict) != want || err != nil && !want {
					t.Errorf("%s, in a worker %v, change %d: %v, want a conflict %v", r.name, away, i, err, want)
				}
			}
		}
	}
}

func TestListTornSightConflicts(t *testing.T) {
	l := freshList[int](t)
	c := attempt(nil)
	l.Len(c)
	l.Append(bg, 1)
	l.Len(c)
	l.Append(c, 2)
	if _, err := c.Finish(nil); !errors.Is(err, task.ErrConflict) {
		t.Errorf("a task that saw two lengths: %v", err)
	}
	c = attempt(nil)
	c.Loop = &task.Loop{Serializable: true}
	l.Len(c)
	l.Append(bg, 3)
	if _, err := c.Finish(errFailed); !errors.Is(err, task.ErrConflict) {
		t.Errorf("a failed task that saw what no longer holds: %v", err)
	}
}

func TestListInNestedAttempts(t *testing.T) {
	l := freshList[int](t)
	l.Append(bg, 1)
	c := attempt(nil)
	l.Append(c, 2)
	in := attempt(c)
	l.Append(in, 3)
	wantsList(t, in, l, 1, 2, 3)
	wantsList(t, c, l, 1, 2)
	finish(t, in, true)
	wantsList(t, c, l, 1, 2, 3)
	lost := attempt(c)
	l.Clear(lost)
	wantsList(t, lost, l)
	finish(t, lost, false)
	again := attempt(c)
	l.Clear(again)
	l.Append(again, 4)
	finish(t, again, true)
	wantsList(t, c, l, 4)
	wantsList(t, bg, l, 1)
	finish(t, c, true)
	wantsList(t, bg, l, 4)

	c = attempt(nil)
	in = attempt(c)
	if n, _ := l.Len(in); n != 1 {
		t.Errorf("Len = %d", n)
	}
	finish(t, in, true)
	l.Append(bg, 5)
	l.Append(c, 6) // it depends on what the inner task was told
	if _, err := c.Finish(nil); !errors.Is(err, task.ErrConflict) {
		t.Errorf("an observation of an inner task: %v", err)
	}
}

func TestListMadeInsideATask(t *testing.T) {
	c := attempt(nil)
	l, err := dict.MakeList[int](c)
	if err != nil {
		t.Fatal(err)
	}
	l.Append(c, 1)
	in := attempt(c)
	l.Append(in, 2)
	wantsList(t, in, l, 1, 2)
	finish(t, in, true)
	wantsList(t, c, l, 1, 2)
	if err := l.Append(bg, 3); !errors.Is(err, dict.ErrNoTask) {
		t.Errorf("Append outside: %v", err)
	}
	if _, err := l.MarshalBinary(); err == nil {
		t.Error("it travels")
	}
	finish(t, c, true)
}

func TestListFromAWorker(t *testing.T) {
	defer writeset.Fresh()()
	listInts.Append(bg, 1)
	listTexts.Append(bg, []string{"a"})
	c := attempt(nil)
	asWorker(t, func() {
		listInts.Append(c, 2, 3)
		wantsList(t, c, listInts, 1, 2, 3)
		listTexts.Clear(c)
		listTexts.Append(c, []string{"b", "c"}, nil)
		if v, ok, err := listTexts.At(c, 0); !ok || err != nil || !slices.Equal(v, []string{"b", "c"}) {
			t.Errorf("At = %v, %v, %v", v, ok, err)
		}
	})
	wantsList(t, bg, listInts, 1)
	if _, err := deliver(t, c); err != nil {
		t.Fatal(err)
	}
	wantsList(t, bg, listInts, 1, 2, 3)
	if all, err := listTexts.Snapshot(bg); len(all) != 2 || err != nil || all[0][1] != "c" {
		t.Errorf("Snapshot = %v, %v", all, err)
	}
	c = attempt(nil)
	asWorker(t, func() { wantsList(t, c, listInts, 1, 2, 3) })
	finish(t, c, false)
}

func TestListValuesAreCopies(t *testing.T) {
	l := freshList[[]byte](t)
	b := []byte("x")
	l.Append(bg, b)
	b[0] = 'y'
	for range 2 {
		v, _, _ := l.At(bg, 0)
		all, _ := l.Snapshot(bg)
		if string(v) != "x" || string(all[0]) != "x" {
			t.Fatalf("the element became %q, %q", v, all[0])
		}
		v[0], all[0][0] = 'z', 'z'
	}
	same := freshList[[]byte](t, dict.Immutable())
	same.Append(bg, b)
	if v, _, _ := same.At(bg, 0); &v[0] != &b[0] {
		t.Error("Immutable copies")
	}
}

func TestListLimits(t *testing.T) {
	l := freshList[int](t, dict.MaxEntries(3))
	texts := freshList[string](t, dict.MaxBytes(5))
	c := attempt(nil)
	l.Append(c, 1, 2)
	texts.Append(c, "abc")
	finish(t, c, true)
	if err := l.Append(bg, 3, 4); !errors.Is(err, dict.ErrFull) {
		t.Errorf("a fourth element: %v", err)
	}
	if err := texts.Append(bg, "abc"); !errors.Is(err, dict.ErrFull) {
		t.Errorf("a sixth byte: %v", err)
	}
	wantsList(t, bg, l, 1, 2)
	c = attempt(nil)
	texts.Clear(c)
	texts.Append(c, "abcde")
	finish(t, c, true)
	if err := texts.Append(bg, ""); err != nil {
		t.Errorf("nothing more: %v", err)
	}
	c = attempt(nil)
	asWorker(t, func() { texts.Append(c, strings.Repeat("x", writeset.MaxSet), "y") })
	if b, err := c.Seal().Append(nil); !errors.Is(err, writeset.ErrTooLarge) && err == nil {
		t.Errorf("a write set of %d bytes: %v", len(b), err)
	}
}

func TestListCloses(t *testing.T) {
	l := freshList[int](t)
	c := attempt(nil)
	l.Append(c, 1)
	l.Close()
	if _, err := c.Finish(nil); !errors.Is(err, dict.ErrClosed) {
		t.Errorf("a commit to a closed list: %v", err)
	}
	if _, err := l.Len(bg); !errors.Is(err, dict.ErrClosed) {
		t.Errorf("Len of a closed list: %v", err)
	}
	var none *dict.List[int]
	if err := none.Append(bg, 1); err == nil || none.Name() != "nil list" {
		t.Errorf("a nil list takes a value")
	}
	none.Close()
	if _, err := dict.MakeList[func()](bg); err == nil {
		t.Error("a list of functions")
	}
}
