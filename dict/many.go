package dict

import (
	"context"
	"fmt"

	"parfor.dev/parfor/internal/writeset"
)

// Rule says what [Dict.Update] does with a key that is there already.
type Rule uint8

// Rules for double keys.
const (
	Replace   Rule = iota // the new value stays, as with Python's update
	KeepOld               // the old value stays
	NoDoubles             // the commit is refused with ErrExists, and the task fails
)

// Update stores every entry of m, as one step. A key that is there already is
// replaced, or what rule says. Nothing is stored if one entry can't be.
// Otherwise as Set.
func (d *Dict[K, V]) Update(ctx context.Context, m map[K]V, rule ...Rule) error {
	op := writeset.Put
	for _, r := range rule {
		switch r {
		case Replace:
			op = writeset.Put
		case KeepOld:
			op = writeset.IfAbsent
		case NoDoubles:
			op = writeset.Insert
		default:
			return d.refuse(ctx, fmt.Errorf("Update: there is no rule %d", r))
		}
	}
	return d.setAll(ctx, op, len(m), func(yield func(K, V) bool) {
		for k, v := range m {
			if !yield(k, v) {
				return
			}
		}
	})
}

// KV is an entry.
type KV[K comparable, V any] struct {
	Key   K
	Value V
}

// SetMany stores the entries in their order, as one step: of a key that comes
// twice the last one stays. Nothing is stored if one entry can't be. Otherwise
// as Set.
func (d *Dict[K, V]) SetMany(ctx context.Context, entries []KV[K, V]) error {
	return d.setAll(ctx, writeset.Put, len(entries), func(yield func(K, V) bool) {
		for _, e := range entries {
			if !yield(e.Key, e.Value) {
				return
			}
		}
	})
}

func (d *Dict[K, V]) setAll(ctx context.Context, op writeset.Op, n int, entries func(func(K, V) bool)) error {
	return d.stepAll(ctx, step[V]{op: op}, n, entries)
}

// stepAll takes the same step with every entry.
func (d *Dict[K, V]) stepAll(ctx context.Context, each step[V], n int, entries func(func(K, V) bool)) error {
	if n == 0 {
		_, _, err := d.enter(ctx)
		return err
	}
	return d.change(ctx, func(o *overlay[K, V]) (err error) {
		ready := make([]KV[K, V], 0, n)
		entries(func(k K, v V) bool {
			s := each
			s.val = v
			if err = o.c.prepare(&k, &s); err != nil {
				return false
			}
			ready = append(ready, KV[K, V]{k, s.val})
			return true
		})
		if err != nil {
			return err
		}
		for i := range ready {
			s := each
			s.val = ready[i].Value
			o.record(ready[i].Key, &s)
		}
		return nil
	})
}

// Found is what [Dict.GetMany] returns of a key.
type Found[V any] struct {
	Value V
	OK    bool // the key is there
}

// GetMany returns the values of keys, in their order, at one moment: no commit
// lies between two of them. In a task they are what the task wrote, over that.
// In a worker process it is one round trip, with an answer of at most 60 MiB.
func (d *Dict[K, V]) GetMany(ctx context.Context, keys ...K) ([]Found[V], error) {
	c, a, err := d.enter(ctx)
	if err != nil {
		return nil, err
	}
	clean := make([]K, len(keys))
	for i, k := range keys {
		if err := c.clean(&k); err != nil {
			return nil, err
		}
		clean[i] = k
	}
	own, err := c.ownAll(a)
	if err != nil {
		return nil, c.named(err)
	}
	fs, err := c.committed(a).many(clean)
	if err != nil {
		return nil, c.named(err)
	}
	all := make([]Found[V], len(keys))
	for i := range fs {
		f := &fs[i]
		decided := false
		if own != nil {
			p := own.find(clean[i])
			decided = own.wiped || p != nil && p.absolute()
			if own.wiped {
				*f = found[V]{}
			}
			if p != nil {
				if !decided {
					c.saw(a, clean[i], f.mark, f.ok)
				}
				if f.val, f.ok, err = p.over(c, f.val, f.ok, false); err != nil {
					return nil, c.named(err)
				}
				decided = true
			}
		}
		if !decided {
			c.saw(a, clean[i], f.mark, f.ok)
		}
		if f.ok {
			if all[i].Value, err = c.out(f.val); err != nil {
				return nil, err
			}
			all[i].OK = true
		}
	}
	return all, nil
}
