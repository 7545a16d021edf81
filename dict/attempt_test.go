package dict_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
)

var bg = context.Background()

// attempt makes the context of a task, inside parent if there is one.
func attempt(parent *task.Ctx) *task.Ctx {
	c := &task.Ctx{Context: bg, Attempt: task.Attempt{Number: 1}}
	if parent != nil {
		c.Context, c.Parent = parent, &parent.Attempt
	}
	return c
}

func fresh[K comparable, V any](t testing.TB, opts ...dict.Option) *dict.Dict[K, V] {
	t.Helper()
	d, err := dict.Make[K, V](bg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

var errFailed = errors.New("the body failed")

func finish(t testing.TB, c *task.Ctx, ok bool) uint64 {
	t.Helper()
	body := errFailed
	if ok {
		body = nil
	}
	n, err := c.Finish(body)
	if err != body {
		t.Fatalf("Finish: %v", err)
	}
	return n
}

// wants compares everything that reads d with a model.
func wants[K, V comparable](t testing.TB, ctx context.Context, d *dict.Dict[K, V], want map[K]V, absent ...K) {
	t.Helper()
	got, err := d.Snapshot(ctx)
	if err != nil || !maps.Equal(got, want) {
		t.Fatalf("Snapshot = %v, %v; want %v", got, err, want)
	}
	if got := maps.Collect(d.All(ctx)); !maps.Equal(got, want) {
		t.Fatalf("All = %v; want %v", got, want)
	}
	if n, err := d.Len(ctx); n != len(want) || err != nil {
		t.Fatalf("Len = %d, %v; want %d", n, err, len(want))
	}
	for k, w := range want {
		if v, ok, err := d.Get(ctx, k); v != w || !ok || err != nil {
			t.Fatalf("Get(%v) = %v, %v, %v; want %v", k, v, ok, err, w)
		}
	}
	for _, k := range absent {
		if ok, err := d.Has(ctx, k); ok || err != nil {
			t.Fatalf("Has(%v) = %v, %v; want false", k, ok, err)
		}
	}
}

func TestD2_CommitsOnSuccessOnly(t *testing.T) {
	a, b := fresh[int, int](t), fresh[string, string](t)
	for _, ok := range []bool{false, true} {
		c := attempt(nil)
		a.Set(c, 1, 10)
		a.Add(c, 2, 5)
		b.Set(c, "x", "y")
		wants(t, bg, a, map[int]int{}, 1, 2)
		n := finish(t, c, ok)
		if !ok {
			if n != 0 {
				t.Fatalf("a failed attempt has commit number %d", n)
			}
			wants(t, bg, a, map[int]int{}, 1, 2)
			continue
		}
		wants(t, bg, a, map[int]int{1: 10, 2: 5})
		wants(t, bg, b, map[string]string{"x": "y"})
		if a.CommitOf(1) != n || a.CommitOf(2) != n || b.CommitOf("x") != n {
			t.Fatalf("one commit has the numbers %d, %d, %d; want %d", a.CommitOf(1), a.CommitOf(2), b.CommitOf("x"), n)
		}
	}
}

func TestD2_NumbersRise(t *testing.T) {
	d := fresh[int, int](t)
	var last uint64
	for i := range 100 {
		c := attempt(nil)
		d.Set(c, i%3, i)
		n := finish(t, c, true)
		if n <= last {
			t.Fatalf("commit %d after commit %d", n, last)
		}
		last = n
	}
	if n := finish(t, attempt(nil), true); n != 0 {
		t.Fatalf("an attempt without writes has commit number %d", n)
	}
}

func TestD5_ReadsOwnWrites(t *testing.T) {
	d := fresh[string, int](t)
	d.Update(bg, map[string]int{"a": 1, "b": 2, "c": 3})
	c := attempt(nil)
	d.Add(c, "a", 10)
	d.Delete(c, "b")
	d.Set(c, "d", 4)
	d.Add(c, "e", 5)
	wants(t, c, d, map[string]int{"a": 11, "c": 3, "d": 4, "e": 5}, "b")
	d.Set(bg, "a", 100) // another commit: reads follow it
	wants(t, c, d, map[string]int{"a": 110, "c": 3, "d": 4, "e": 5}, "b")
	d.Clear(c)
	wants(t, c, d, map[string]int{}, "a", "b", "c", "d", "e")
	d.Add(c, "a", 1)
	wants(t, c, d, map[string]int{"a": 1}, "b", "c")
	wants(t, bg, d, map[string]int{"a": 100, "b": 2, "c": 3}, "d", "e")
	if _, err := c.Finish(nil); !errors.Is(err, task.ErrConflict) { // it had read "a" before and after
		t.Fatalf("Finish: %v", err)
	}
	wants(t, bg, d, map[string]int{"a": 100, "b": 2, "c": 3}, "d", "e")
}

func TestD12_ContextDecides(t *testing.T) {
	d := fresh[int, int](t)
	c := attempt(nil)
	d.Set(c, 1, 1)
	finish(t, c, true)
	for name, err := range map[string]error{
		"Set":    d.Set(c, 1, 2),
		"Add":    d.Add(c, 1, 2),
		"Delete": d.Delete(c, 1),
		"Clear":  d.Clear(c),
		"Update": d.Update(c, map[int]int{1: 2}),
		"Get":    third(d.Get(c, 1)),
		"Len":    second(d.Len(c)),
		"Snap":   second(d.Snapshot(c)),
		"All":    recovered(func() { d.All(c)(func(int, int) bool { return true }) }),
	} {
		if !errors.Is(err, dict.ErrTaskDone) {
			t.Errorf("%s after the body returned: %v", name, err)
		}
	}
	task.InWorker.Store(true)
	defer task.InWorker.Store(false)
	if err := d.Set(bg, 1, 2); !errors.Is(err, dict.ErrNoTask) {
		t.Errorf("Set in a worker without a task: %v", err)
	}
	if _, err := dict.Make[int, int](bg); !errors.Is(err, dict.ErrNoTask) {
		t.Errorf("Make in a worker without a task: %v", err)
	}
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

func recovered(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

func TestD13_NestedTasksCommitIntoTheirTask(t *testing.T) {
	d := fresh[string, int](t)
	d.Set(bg, "a", 1)
	outer := attempt(nil)
	d.Add(outer, "a", 10)
	d.Set(outer, "b", 2)

	good, bad := attempt(outer), attempt(outer)
	d.Add(good, "a", 100)
	d.Delete(good, "b")
	d.Set(good, "c", 3)
	d.Clear(bad)
	wants(t, good, d, map[string]int{"a": 111, "c": 3}, "b")
	wants(t, bad, d, map[string]int{}, "a", "b", "c")
	wants(t, outer, d, map[string]int{"a": 11, "b": 2}, "c")
	finish(t, bad, false)
	if n := finish(t, good, true); n != 0 {
		t.Fatalf("a nested attempt has commit number %d before its task ended", n)
	}
	wants(t, outer, d, map[string]int{"a": 111, "c": 3}, "b")
	wants(t, bg, d, map[string]int{"a": 1}, "b", "c")

	late := attempt(outer)
	d.Set(late, "late", 1)
	finish(t, outer, true)
	wants(t, bg, d, map[string]int{"a": 111, "c": 3}, "b")
	if _, err := late.Finish(nil); !errors.Is(err, dict.ErrTaskDone) {
		t.Fatalf("a nested attempt that outlives its task: %v", err)
	}
}

func TestD6_AFailedWriteFailsTheTask(t *testing.T) {
	nan := 0.0
	nan /= nan
	d := fresh[float64, string](t)
	c := attempt(nil)
	d.Set(c, 1, "one")
	if err := d.Set(c, nan, "x"); !errors.Is(err, dict.ErrKey) {
		t.Fatalf("Set of NaN: %v", err)
	}
	if _, err := c.Finish(nil); !errors.Is(err, dict.ErrKey) {
		t.Fatalf("the task that ignored it: %v", err)
	}
	if n, _ := d.Len(bg); n != 0 {
		t.Fatal("it left an entry")
	}
	if err := d.Add(bg, 1, "x"); err == nil {
		t.Fatal("Add to strings succeeds")
	}
}

// TestModel compares random writes of nested attempts with maps.
func TestModel(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		d := fresh[int, int](t)
		var layers []*task.Ctx // innermost last
		models := []map[int]int{{}}
		for range 60 {
			ctx := bg
			if len(layers) > 0 {
				ctx = layers[len(layers)-1]
			}
			m := models[len(models)-1]
			k, v := r.IntN(12), r.IntN(100)
			switch r.IntN(12) {
			case 0, 1, 2:
				d.Set(ctx, k, v)
				m[k] = v
			case 3, 4, 5:
				d.Add(ctx, k, v)
				m[k] += v
			case 6, 7:
				d.Delete(ctx, k)
				delete(m, k)
			case 8:
				d.Clear(ctx)
				clear(m)
			case 9:
				if len(layers) < 3 {
					var p *task.Ctx
					if len(layers) > 0 {
						p = layers[len(layers)-1]
					}
					layers = append(layers, attempt(p))
					models = append(models, maps.Clone(m))
				}
			default:
				if n := len(layers); n > 0 {
					ok := r.IntN(3) > 0
					finish(t, layers[n-1], ok)
					if ok {
						models[n-1] = m
					}
					layers, models = layers[:n-1], models[:n]
				}
			}
			ctx = bg
			if len(layers) > 0 {
				ctx = layers[len(layers)-1]
			}
			wants(t, ctx, d, models[len(models)-1])
		}
	}
}
