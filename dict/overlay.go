package dict

import (
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// indexFrom is how many keys a part has before it needs a map to find them.
const indexFrom = 9

// overlay is what one attempt did to one dictionary: at most one operation per
// key, as later ones are combined into the first, and possibly a Clear before
// all of them. It is a writeset.Part.
type overlay[K comparable, V any] struct {
	c     *core[K, V]
	wiped bool
	ops   []pending[K, V] // in the order in which keys were first touched
	index map[K]int       // into ops, from indexFrom keys on
	first [1]pending[K, V]

	// Between Lock and Unlock.
	t    *table[K, V]
	held [shards / 64]uint64

	alone [1]writeset.Part // itself, for a commit of one part
}

// pending is one operation on a key.
type pending[K comparable, V any] struct {
	key   K
	val   V
	op    writeset.Op
	shard uint8
}

func newOverlay[K comparable, V any](c *core[K, V]) *overlay[K, V] {
	o := &overlay[K, V]{c: c}
	o.ops = o.first[:0]
	o.alone[0] = o
	return o
}

// in returns the part of the dictionary in a set, nil if there is none.
func (c *core[K, V]) in(s *writeset.Set) *overlay[K, V] {
	for _, p := range s.Parts() {
		if o, ok := p.(*overlay[K, V]); ok && o.c == c {
			return o
		}
	}
	return nil
}

// part returns the part of the dictionary in a set, made if need be.
func (c *core[K, V]) part(s *writeset.Set) *overlay[K, V] {
	o := c.in(s)
	if o == nil {
		o = newOverlay(c)
		s.Add(o)
	}
	return o
}

func (o *overlay[K, V]) find(k K) *pending[K, V] {
	if o.index != nil {
		if i, ok := o.index[k]; ok {
			return &o.ops[i]
		}
		return nil
	}
	for i := range o.ops {
		if o.ops[i].key == k {
			return &o.ops[i]
		}
	}
	return nil
}

// record adds an operation. What it returns would be the same if the
// operations were kept one by one, but for float additions, whose order of
// rounding differs.
func (o *overlay[K, V]) record(op writeset.Op, k K, v V) {
	p := o.find(k)
	if p == nil {
		if op == writeset.Plus && o.wiped {
			op = writeset.Put
		}
		o.ops = append(o.ops, pending[K, V]{key: k, val: v, op: op})
		switch {
		case o.index != nil:
			o.index[k] = len(o.ops) - 1
		case len(o.ops) == indexFrom:
			o.index = make(map[K]int, 4*indexFrom)
			for i := range o.ops {
				o.index[o.ops[i].key] = i
			}
		}
		return
	}
	if op != writeset.Plus {
		p.op, p.val = op, v
		return
	}
	switch p.op {
	case writeset.Put, writeset.Plus:
		p.val = o.c.plus(p.val, v)
	case writeset.Drop:
		p.op, p.val = writeset.Put, v
	}
}

// wipe records a Clear: nothing before it matters.
func (o *overlay[K, V]) wipe() {
	o.wiped = true
	clear(o.ops)
	o.ops, o.index = o.ops[:0], nil
}

// over is the value of a key that has an operation, put over the value below.
func (p *pending[K, V]) over(c *core[K, V], below V) V {
	if p.op == writeset.Plus {
		return c.plus(below, p.val)
	}
	return p.val
}

// replay records the operations of o in another overlay.
func (o *overlay[K, V]) replay(dst *overlay[K, V]) {
	if o.wiped {
		dst.wipe()
	}
	for i := range o.ops {
		p := &o.ops[i]
		dst.record(p.op, p.key, p.val)
	}
}

// MergeInto hands the part to the set of the enclosing attempt.
func (o *overlay[K, V]) MergeInto(parent *writeset.Set) {
	if dst := o.c.in(parent); dst != nil {
		o.replay(dst)
		return
	}
	parent.Add(o)
}

// Store is the dictionary.
func (o *overlay[K, V]) Store() writeset.Store { return o.c }

// Scope is the attempt the dictionary was made in.
func (o *overlay[K, V]) Scope() *task.Attempt { return o.c.scope }

// Each calls f with the operations in order.
func (o *overlay[K, V]) Each(f func(op writeset.Op, key, value any)) {
	if o.wiped {
		f(writeset.Wipe, nil, nil)
	}
	for i := range o.ops {
		p := &o.ops[i]
		f(p.op, p.key, p.val)
	}
}
