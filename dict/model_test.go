package dict_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
)

// change is a step of a task on a plain map.
type change[K comparable, V any] func(m map[K]V)

// taskModel is an open task: what it did, and what it depends on.
type taskModel[K comparable, V any] struct {
	ctx    *task.Ctx
	parent *taskModel[K, V]
	log    []change[K, V]
	wrote  map[K]bool
	told   map[K]told[V] // of keys that it read before it wrote them
	since  map[K]int     // by key, the first change that it may not have seen
	inner  int           // open tasks inside
}

// told is what a task was told of a key: twice different things, torn.
type told[V any] struct {
	v        V
	ok, torn bool
}

// machine runs random programs of tasks against plain maps.
type machine[K comparable, V any] struct {
	d         *dict.Dict[K, V]
	keys      []K
	values    []V
	steps     []func(*dict.Dict[K, V], context.Context, K, V) error
	models    []func(m map[K]V, k K, v V)
	committed map[K]V
	changes   map[K]int // how often a key was committed
	open      []*taskModel[K, V]
}

// sees is what the dictionary is to a task.
func (m *machine[K, V]) sees(x *taskModel[K, V]) map[K]V {
	if x == nil {
		return maps.Clone(m.committed)
	}
	s := m.sees(x.parent)
	for _, f := range x.log {
		f(s)
	}
	return s
}

func (m *machine[K, V]) pick(t *rapid.T) *taskModel[K, V] {
	if len(m.open) == 0 {
		t.Skip("no open task")
	}
	return rapid.SampledFrom(m.open).Draw(t, "task")
}

func (m *machine[K, V]) begin(t *rapid.T) {
	if len(m.open) > 4 {
		t.Skip("enough")
	}
	var parent *taskModel[K, V]
	if len(m.open) > 0 && rapid.Bool().Draw(t, "inside another") {
		parent = rapid.SampledFrom(m.open).Draw(t, "parent")
	}
	x := &taskModel[K, V]{parent: parent, wrote: map[K]bool{}, told: map[K]told[V]{}, since: map[K]int{}}
	if parent == nil {
		x.ctx = attempt(nil)
	} else {
		x.ctx = attempt(parent.ctx)
		parent.inner++
	}
	m.open = append(m.open, x)
}

func (m *machine[K, V]) write(t *rapid.T) {
	x := m.pick(t)
	k, v := rapid.SampledFrom(m.keys).Draw(t, "key"), rapid.SampledFrom(m.values).Draw(t, "value")
	i := rapid.IntRange(0, len(m.steps)-1).Draw(t, "step")
	if err := m.steps[i](m.d, x.ctx, k, v); err != nil {
		t.Fatal(err)
	}
	x.log = append(x.log, func(s map[K]V) { m.models[i](s, k, v) })
	x.wrote[k] = true
}

func (m *machine[K, V]) look(t *rapid.T) {
	x, k := m.pick(t), rapid.SampledFrom(m.keys).Draw(t, "key")
	v, ok, err := m.d.Get(x.ctx, k)
	want, there := m.sees(x)[k]
	if err != nil || ok != there || !reflect.DeepEqual(v, want) {
		t.Fatalf("Get(%v) = %v, %v, %v; want %v, %v", k, v, ok, err, want, there)
	}
	m.note(x, k)
	for y := x; y != nil; y = y.parent {
		if y.wrote[k] {
			return
		}
	}
	x.tell(k, told[V]{v: want, ok: there})
}

// note says that the task may depend on what the key is now.
func (m *machine[K, V]) note(x *taskModel[K, V], k K) {
	if _, again := x.since[k]; !again {
		x.since[k] = m.changes[k]
	}
}

func (x *taskModel[K, V]) tell(k K, now told[V]) {
	if was, again := x.told[k]; again {
		now.torn = was.torn || now.torn || was.ok != now.ok || !reflect.DeepEqual(was.v, now.v)
	}
	x.told[k] = now
}

func (m *machine[K, V]) outside(t *rapid.T) {
	k, v := rapid.SampledFrom(m.keys).Draw(t, "key"), rapid.SampledFrom(m.values).Draw(t, "value")
	i := rapid.IntRange(0, len(m.steps)-1).Draw(t, "step")
	if err := m.steps[i](m.d, bg, k, v); err != nil {
		t.Fatal(err)
	}
	m.models[i](m.committed, k, v)
	m.changes[k]++
}

func (m *machine[K, V]) finish(t *rapid.T) {
	x := m.pick(t)
	if x.inner > 0 {
		t.Skip("it waits for its inner tasks")
	}
	m.open = slices.DeleteFunc(m.open, func(y *taskModel[K, V]) bool { return x == y })
	if x.parent != nil {
		x.parent.inner--
	}
	var body error
	if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
		body = errFailed
	}
	_, err := x.ctx.Finish(body)
	conflict := errors.Is(err, task.ErrConflict)
	switch may, must := m.disturbed(x); {
	case x.parent == nil && (conflict && !may || !conflict && must):
		t.Fatalf("Finish: %v, and what it read and wrote may have changed: %v, has: %v", err, may, must)
	case !conflict && err != body || conflict && x.parent != nil:
		t.Fatalf("Finish: %v, want %v", err, body)
	case err == nil && x.parent != nil:
		x.parent.take(x)
	case err == nil:
		for _, f := range x.log {
			f(m.committed)
		}
		for k := range x.wrote {
			m.changes[k]++
		}
	}
}

// take makes an inner task's doings the task's own.
func (x *taskModel[K, V]) take(inner *taskModel[K, V]) {
	x.log = append(x.log, inner.log...)
	maps.Copy(x.wrote, inner.wrote)
	for k, f := range inner.told {
		x.tell(k, f)
	}
	for k, n := range inner.since {
		if was, again := x.since[k]; !again || n < was {
			x.since[k] = n
		}
	}
}

// disturbed reports whether a key that the task read and wrote may have been
// committed since, and whether one is not what the task was told.
func (m *machine[K, V]) disturbed(x *taskModel[K, V]) (may, must bool) {
	for k := range x.wrote {
		if n, ok := x.since[k]; ok && n < m.changes[k] {
			may = true
		}
		if f, ok := x.told[k]; ok && (f.torn || f.ok != has(m.committed, k) || !reflect.DeepEqual(f.v, m.committed[k])) {
			must = true
		}
	}
	return may, must
}

// check compares what a task and everybody else see with the model.
func (m *machine[K, V]) check(t *rapid.T) {
	got, err := m.d.Snapshot(bg)
	if err != nil || !reflect.DeepEqual(got, m.committed) {
		t.Fatalf("it holds %v, %v; want %v", got, err, m.committed)
	}
	for _, x := range m.open {
		want := m.sees(x)
		got, err := m.d.Snapshot(x.ctx)
		if n, _ := m.d.Len(x.ctx); err != nil || !reflect.DeepEqual(got, want) || n != len(want) {
			t.Fatalf("a task sees %v, %d entries, %v; want %v", got, n, err, want)
		}
		for k := range x.wrote { // the snapshot has told of these
			m.note(x, k)
		}
	}
}

func has[K comparable, V any](m map[K]V, k K) bool { _, ok := m[k]; return ok }
