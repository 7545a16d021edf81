package dict

import (
	"math/bits"

	"parfor.dev/parfor/internal/writeset"
)

// Lock locks the shards of all keys, in ascending order, all of them for a
// Clear.
func (o *overlay[K, V]) Lock() {
	t := o.c.table()
	o.t = t
	for i := range o.ops {
		o.ops[i].shard = t.shardOf(o.ops[i].key)
	}
	if len(o.ops) == 1 && !o.wiped {
		t.shards[o.ops[0].shard].mu.Lock()
		return
	}
	o.held = [shards / 64]uint64{}
	for i := range o.ops {
		s := o.ops[i].shard
		o.held[s/64] |= 1 << (s % 64)
	}
	if o.wiped {
		for i := range o.held {
			o.held[i] = ^uint64(0)
		}
	}
	for i := range o.eachHeld {
		t.shards[i].mu.Lock()
	}
}

// Unlock gives the locks back.
func (o *overlay[K, V]) Unlock() {
	t := o.t
	o.t = nil
	if len(o.ops) == 1 && !o.wiped {
		t.shards[o.ops[0].shard].mu.Unlock()
		return
	}
	for i := range o.eachHeld {
		t.shards[i].mu.Unlock()
	}
}

func (o *overlay[K, V]) eachHeld(yield func(int) bool) {
	for w, set := range o.held {
		for ; set != 0; set &= set - 1 {
			if !yield(w*64 + bits.TrailingZeros64(set)) {
				return
			}
		}
	}
}

// Validate refuses what may not be committed, before anything is applied.
func (o *overlay[K, V]) Validate() error {
	if o.c.closed.Load() {
		return o.c.named(ErrClosed)
	}
	return nil
}

// Apply makes the operations true under the commit number n.
func (o *overlay[K, V]) Apply(n uint64) {
	if o.wiped {
		for i := range o.t.shards {
			o.t.shards[i].wipe()
		}
	}
	for i := range o.ops {
		p := &o.ops[i]
		s := &o.t.shards[p.shard]
		s.own()
		switch p.op {
		case writeset.Put:
			s.m[p.key] = entry[V]{p.val, n}
		case writeset.Drop:
			delete(s.m, p.key)
		case writeset.Plus:
			s.m[p.key] = entry[V]{o.c.plus(s.m[p.key].val, p.val), n}
		}
	}
}

// Release empties a part for reuse.
func (o *overlay[K, V]) Release() {
	c := o.c
	clear(o.ops)
	if cap(o.ops) > 1024 {
		o.ops = o.first[:0]
	}
	o.ops, o.index, o.wiped = o.ops[:0], nil, false
	c.spare.Put(o)
}

// blank returns an empty part, for one commit and then Release.
func (c *core[K, V]) blank() *overlay[K, V] {
	if o, _ := c.spare.Get().(*overlay[K, V]); o != nil {
		return o
	}
	return newOverlay(c)
}
