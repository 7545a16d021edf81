package dict

import (
	"context"

	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/task"
)

// Get returns the value of a key and whether it is there.
func (l *Live[K, V]) Get(ctx context.Context, k K) (V, bool, error) {
	var none V
	return l.c.op(ctx, liveGet, k, none, none)
}

// Set stores a value.
func (l *Live[K, V]) Set(ctx context.Context, k K, v V) error {
	var none V
	_, _, err := l.c.op(ctx, liveSet, k, v, none)
	return err
}

// Delete removes a key; one that isn't there is no error.
func (l *Live[K, V]) Delete(ctx context.Context, k K) error {
	var none V
	_, _, err := l.c.op(ctx, liveDelete, k, none, none)
	return err
}

// Add adds delta to the value of a key, which counts as zero when absent, and
// returns the sum. It is an error if V is no number.
func (l *Live[K, V]) Add(ctx context.Context, k K, delta V) (V, error) {
	var none V
	v, _, err := l.c.op(ctx, liveAdd, k, delta, none)
	return v, err
}

// SetIfAbsent stores v unless the key is there. It returns the value that is
// there afterwards and whether it was stored.
func (l *Live[K, V]) SetIfAbsent(ctx context.Context, k K, v V) (V, bool, error) {
	var none V
	return l.c.op(ctx, liveSetIfAbsent, k, v, none)
}

// CompareAndSwap stores new if the value of the key is old, and reports whether
// it did. Values are compared with == where V has no pointers, slices or maps
// (so a NaN is never swapped), else by their encodings.
func (l *Live[K, V]) CompareAndSwap(ctx context.Context, k K, old, new V) (bool, error) {
	_, ok, err := l.c.op(ctx, liveCompareAndSwap, k, old, new)
	return ok, err
}

// CompareAndDelete removes the key if its value is old, and reports whether it
// did.
func (l *Live[K, V]) CompareAndDelete(ctx context.Context, k K, old V) (bool, error) {
	var none V
	_, ok, err := l.c.op(ctx, liveCompareAndDelete, k, old, none)
	return ok, err
}

// Swap stores v and returns the value that was there, and whether one was.
func (l *Live[K, V]) Swap(ctx context.Context, k K, v V) (V, bool, error) {
	var none V
	return l.c.op(ctx, liveSwap, k, v, none)
}

// Pop removes a key and returns the value that was there, and whether one was.
func (l *Live[K, V]) Pop(ctx context.Context, k K) (V, bool, error) {
	var none V
	return l.c.op(ctx, livePop, k, none, none)
}

// Len returns the number of entries at one moment.
func (l *Live[K, V]) Len(ctx context.Context) (int, error) {
	m, err := l.c.whole(ctx, liveLen)
	return m.n, err
}

// Clear removes every key, at one moment.
func (l *Live[K, V]) Clear(ctx context.Context) error {
	_, err := l.c.whole(ctx, liveClear)
	return err
}

// Snapshot returns a copy of the dictionary at one moment. In a worker process
// it is an error above 60 MiB.
func (l *Live[K, V]) Snapshot(ctx context.Context) (map[K]V, error) {
	m, err := l.c.whole(ctx, liveAll)
	return m.entries, err
}

// op does one operation on a key, here or at the owner.
func (c *liveCore[K, V]) op(ctx context.Context, op liveOp, k K, a, b V) (v V, ok bool, err error) {
	at, err := c.enter(ctx)
	if err != nil {
		return v, false, err
	}
	if err := c.unjournaled(at, op != liveGet); err != nil {
		return v, false, err
	}
	if at == nil && op != liveGet {
		c.used()
	}
	if err := c.clean(&k); err != nil {
		return v, false, err
	}
	if task.InWorker.Load() {
		if mutant.Is("twice") {
			c.ask(at, op, k, a, b)
		}
		return c.ask(at, op, k, a, b)
	}
	for _, x := range []*V{&a, &b}[:op.values()] {
		if *x, err = c.out(*x); err != nil {
			return v, false, err
		}
	}
	if v, ok, err = c.do(op, k, a, b); err != nil {
		return v, false, c.named(err)
	}
	v, err = c.out(v)
	return v, ok, err
}

// used notes that code outside tasks changes the dictionary.
func (c *liveCore[K, V]) used() {
	if !c.outside.Load() {
		c.outside.Store(true)
	}
}

// wholeOf is what an operation on all keys returns.
type wholeOf[K comparable, V any] struct {
	n       int
	entries map[K]V
}

func (c *liveCore[K, V]) whole(ctx context.Context, op liveOp) (w wholeOf[K, V], err error) {
	at, err := c.enter(ctx)
	if err != nil {
		return w, err
	}
	if err := c.unjournaled(at, op == liveClear); err != nil {
		return w, err
	}
	if at == nil && op == liveClear {
		c.used()
	}
	if task.InWorker.Load() {
		return c.askWhole(at, op)
	}
	m := c.all(op == liveClear)
	w.n = len(m)
	if op == liveAll {
		for k, v := range m {
			if m[k], err = c.out(v); err != nil {
				return w, err
			}
		}
		w.entries = m
	}
	return w, nil
}
