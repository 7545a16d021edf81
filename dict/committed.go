package dict

import (
	"unsafe"

	"parfor.dev/parfor/internal/task"
)

// committed answers reads of the committed state. The owner has the state
// itself ([table]); a worker process looks into memory it shares with the
// owner, or asks ([asker]). What an attempt wrote is laid over the answer, alike
// for both.
//
// Values belong to the dictionary; who hands them out copies them. Mark tells
// one state of a key from another, see sight.
type committed[K comparable, V any] interface {
	get(k K) (v V, mark uint64, ok bool, err error)
	many(keys []K) ([]found[V], error)
	size(keys []K) (n int, present []bool, at uint64, err error)
	freeze() (*view[K, V], error)
	claim(by uint64, k K) (bool, error)
	unclaim(by uint64, keys []K) error
}

// found is what a key is at one moment.
type found[V any] struct {
	val  V
	mark uint64
	ok   bool
}

// committed returns who answers an attempt in this process. A dictionary made inside a
// task lives in write sets alone: under it is an empty table.
func (c *core[K, V]) committed(a *task.Attempt) committed[K, V] {
	if c.remote() {
		return asker[K, V]{c, a}
	}
	return c.table()
}

// clean makes a key one that can be used: no NaN, no -0.
func (c *core[K, V]) clean(k *K) error {
	if !c.key.floats {
		return nil
	}
	if err := c.key.clean(unsafe.Pointer(k)); err != nil {
		return c.named(err)
	}
	return nil
}

// many returns what several keys are at one moment.
func (t *table[K, V]) many(keys []K) ([]found[V], error) {
	if len(keys) == 0 {
		return nil, nil
	}
	o := &overlay[K, V]{c: t.c, strict: true}
	for _, k := range keys {
		o.seen.log = append(o.seen.log, sight[K]{key: k})
	}
	o.Lock()
	defer o.Unlock()
	fs := make([]found[V], len(keys))
	for i, k := range keys {
		f := &fs[i]
		f.val, f.mark, f.ok = o.t.peek(o.t.hash(k), k)
	}
	return fs, nil
}
