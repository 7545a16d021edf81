package dict

import (
	"context"
	"fmt"
	"iter"
	"unsafe"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Get returns the value of a key and whether it is there. In a task that is
// what the task wrote, over what is committed now; two Gets may see different
// commits, use [Dict.Snapshot] for one moment.
//
// In the owning process a Get takes a lock for the time of a map lookup. In a
// worker process it is one round trip to the owner, unless the task's own
// writes decide it.
func (d *Dict[K, V]) Get(ctx context.Context, k K) (v V, ok bool, err error) {
	c, a, err := d.enter(ctx)
	if err != nil {
		return v, false, err
	}
	if c.key.floats {
		if err := c.key.clean(unsafe.Pointer(&k)); err != nil {
			return v, false, c.named(err)
		}
	}
	own := writeset.None
	if a != nil {
		if own, v, err = c.ownOf(a, k); err != nil {
			return v, false, c.named(err)
		}
	}
	if own == writeset.None || own == writeset.Plus {
		below, found, err := c.committed().get(k)
		if err != nil {
			return v, false, c.named(err)
		}
		if own == writeset.Plus {
			below, found = c.plus(below, v), true
		}
		v, ok = below, found
	} else {
		ok = own == writeset.Put
	}
	if ok && c.copy != nil {
		if v, err = c.copy(v); err != nil {
			return v, false, c.named(err)
		}
	}
	return v, ok, nil
}

// Has reports whether a key is there; otherwise as Get.
func (d *Dict[K, V]) Has(ctx context.Context, k K) (bool, error) {
	_, ok, err := d.Get(ctx, k)
	return ok, err
}

// Len returns the number of entries at one moment, the task's own writes
// included. It takes some microseconds; in a worker process a round trip.
func (d *Dict[K, V]) Len(ctx context.Context) (int, error) {
	c, a, err := d.enter(ctx)
	if err != nil {
		return 0, err
	}
	own, err := c.ownAll(a)
	if err != nil {
		return 0, c.named(err)
	}
	var keys []K
	if own != nil {
		keys = make([]K, 0, len(own.ops))
		for i := range own.ops {
			keys = append(keys, own.ops[i].key)
		}
	}
	n, present, err := c.committed().size(keys)
	if err != nil {
		return 0, c.named(err)
	}
	if own == nil {
		return n, nil
	}
	if own.wiped {
		n, present = 0, make([]bool, len(keys))
	}
	for i := range own.ops {
		switch drop := own.ops[i].op == writeset.Drop; {
		case drop && present[i]:
			n--
		case !drop && !present[i]:
			n++
		}
	}
	return n, nil
}

// Snapshot returns a copy of the dictionary at one moment, the task's own
// writes included; it is the caller's. Writers are not held up: the owner
// copies a part of its table when one touches it meanwhile. In a worker process
// it is one round trip, and an error above 60 MiB.
func (d *Dict[K, V]) Snapshot(ctx context.Context) (map[K]V, error) {
	c, v, own, err := d.moment(ctx)
	if err != nil {
		return nil, err
	}
	defer v.close()
	m := make(map[K]V, v.len())
	v.each(own, func(k K, val V) bool {
		if c.copy != nil && !(v.own && own == nil) {
			if val, err = c.copy(val); err != nil {
				err = c.named(err)
				return false
			}
		}
		m[k] = val
		return true
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// All iterates over the dictionary as it is at one moment, when the iteration
// begins, the task's own writes so far included, in no particular order. The
// loop body may write to the dictionary; the iteration doesn't see it. It costs
// less than Snapshot when the loop ends early or the entries are many.
//
// A sequence has no place for an error, and one that ended early without a
// word would be taken for the whole. So All panics with the error that Snapshot
// would return; in a task that fails the task, with the error inside. Where
// such an error is to be handled, use Snapshot.
func (d *Dict[K, V]) All(ctx context.Context) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		c, v, own, err := d.moment(ctx)
		if err != nil {
			panic(err)
		}
		defer v.close()
		v.each(own, func(k K, val V) bool {
			if c.copy != nil {
				if val, err = c.copy(val); err != nil {
					panic(c.named(err))
				}
			}
			return yield(k, val)
		})
	}
}

// moment takes a view of the committed state and the attempt's own writes.
func (d *Dict[K, V]) moment(ctx context.Context) (*core[K, V], *view[K, V], *overlay[K, V], error) {
	c, a, err := d.enter(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	own, err := c.ownAll(a)
	if err != nil {
		return nil, nil, nil, c.named(err)
	}
	v, err := c.committed().freeze()
	if err != nil {
		return nil, nil, nil, c.named(err)
	}
	return c, v, own, nil
}

// ownOf returns what an attempt, and the attempts around it, did to a key: None,
// or Put, Drop or Plus with the value.
func (c *core[K, V]) ownOf(a *task.Attempt, k K) (op writeset.Op, v V, err error) {
	for ; a != nil && (op == writeset.None || op == writeset.Plus); a = a.Parent {
		err = a.With(nil, func(tx task.Tx) error {
			if o := c.in(writeset.Of(tx)); o != nil {
				op, v = o.under(op, v, k)
			}
			return nil
		})
		if err != nil {
			return op, v, err
		}
	}
	return op, v, nil
}

// under lays an operation of an inner attempt, None or Plus, over what this
// one did to the key.
func (o *overlay[K, V]) under(op writeset.Op, v V, k K) (writeset.Op, V) {
	below := writeset.None
	var sum V
	if p := o.find(k); p != nil {
		below, sum = p.op, p.val
	} else if o.wiped {
		below = writeset.Drop
	}
	switch {
	case op == writeset.None:
		return below, sum
	case below == writeset.None:
		return op, v
	case below == writeset.Drop:
		return writeset.Put, v
	}
	return below, o.c.plus(sum, v)
}

// ownAll returns all that an attempt and those around it did to the
// dictionary, nil for nothing.
func (c *core[K, V]) ownAll(a *task.Attempt) (*overlay[K, V], error) {
	if a == nil {
		return nil, nil
	}
	var chain []*task.Attempt
	for ; a != nil; a = a.Parent {
		chain = append(chain, a)
	}
	var all *overlay[K, V]
	for i := len(chain) - 1; i >= 0; i-- {
		err := chain[i].With(nil, func(tx task.Tx) error {
			if o := c.in(writeset.Of(tx)); o != nil {
				if all == nil {
					all = newOverlay(c)
				}
				o.replay(all)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%w", err)
		}
	}
	return all, nil
}
