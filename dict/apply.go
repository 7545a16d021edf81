package dict

import (
	"errors"
	"math/bits"

	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Lock locks the shards of all keys, in ascending order, all of them for a
// Clear or for who saw the dictionary as a whole.
func (o *overlay[K, V]) Lock() {
	t := o.c.table()
	o.t = t
	if o.serial = o.c.limits != nil || t.watch.some.Load(); o.serial {
		t.serial.Lock()
	}
	o.lockShards()
	for !o.serial && t.watch.some.Load() { // somebody began to watch meanwhile
		o.unlockShards()
		o.serial = true
		t.serial.Lock()
		o.lockShards()
	}
}

func (o *overlay[K, V]) lockShards() {
	t := o.t
	if o.lone() {
		p := &o.ops[0]
		p.hash = t.hash(p.key)
		t.lock(t.shardOf(p.hash))
		return
	}
	clear(o.held[:])
	for i := range o.ops {
		p := &o.ops[i]
		p.hash = t.hash(p.key)
		s := t.shardOf(p.hash)
		o.held[s/64] |= 1 << (s % 64)
	}
	o.observed(func(x *sight[K]) bool {
		s := t.shardOf(t.hash(x.key))
		o.held[s/64] |= 1 << (s % 64)
		return true
	})
	if o.wiped || o.strict && o.seen.whole {
		for i := range t.len() / 64 {
			o.held[i] = ^uint64(0)
		}
	}
	for i := range o.eachHeld {
		t.lock(i)
	}
	if t.words != nil {
		for i := range o.ops {
			o.fetched += t.words.Near(o.ops[i].hash, toWord(o.ops[i].key))
		}
	}
}

// lone reports whether one shard is all it takes.
func (o *overlay[K, V]) lone() bool {
	return len(o.ops) == 1 && !o.wiped && len(o.seen.log) == 0 && !o.seen.whole && !o.c.byItem // which may drop it while locked
}

// Unlock gives the locks back.
func (o *overlay[K, V]) Unlock() {
	o.unlockShards()
	if o.serial {
		o.t.serial.Unlock()
	}
	o.t = nil
}

func (o *overlay[K, V]) unlockShards() {
	t := o.t
	if o.lone() {
		t.unlock(t.shardOf(o.ops[0].hash))
		return
	}
	for i := range o.eachHeld {
		t.unlock(i)
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

// Holds reports whether everything the attempt was told would be the same now:
// what it read, and what came out of its Computes.
func (o *overlay[K, V]) Holds(task.Ticket) bool {
	t := o.t
	if o.strict && o.seen.whole && t.changed() > o.seen.wholeAt {
		return o.conflicted(nil)
	}
	holds := true
	o.observed(func(x *sight[K]) bool {
		_, mark, ok := t.peek(t.hash(x.key), x.key)
		if holds = ok == x.ok && (!ok || mark == x.mark); !holds {
			o.conflicted(&x.key)
		}
		return holds
	})
	if !holds {
		return false
	}
	if o.hasLost() {
		return o.conflicted(nil)
	}
	for i := range o.ops {
		p := &o.ops[i]
		if p.claims() {
			_, _, there := t.peek(p.hash, p.key)
			holds = !there
		}
		if holds && p.more != nil && p.more.observes() {
			_, _, err := o.outcome(p)
			holds = !errors.Is(err, errOtherwise)
		}
		if !holds {
			return o.conflicted(&p.key)
		}
	}
	return true
}

// hasLost reports whether the body has met a value from which what it was told
// earlier would not have come out.
func (o *overlay[K, V]) hasLost() bool {
	for i := range o.ops {
		if m := o.ops[i].more; m != nil && m.lost() {
			return true
		}
	}
	return o.lost
}

// outcome is what a key would be afterwards.
func (o *overlay[K, V]) outcome(p *pending[K, V]) (v V, ok bool, err error) {
	if !o.wiped && !p.absolute() {
		v, _, ok = o.t.peek(p.hash, p.key)
	}
	return p.over(o.c, v, ok, false)
}

// Admit refuses what may not be committed, before anything is applied, and
// works out what runs the program's own functions.
func (o *overlay[K, V]) Admit(tk task.Ticket) error {
	c := o.c
	if c.closed.Load() {
		return c.named(ErrClosed)
	}
	if c.byItem {
		o.byItem(tk)
	}
	for i := range o.ops {
		p := &o.ops[i]
		if p.more == nil && p.op != writeset.Insert && p.op != writeset.Claim {
			continue
		}
		v, ok, err := o.outcome(p)
		if err != nil {
			return c.named(err)
		}
		if p.more != nil {
			p.more.val, p.more.ok = v, ok
		}
		if p.claims() && !c.claims.held(tk.Claims, p.key) {
			return c.named(errNotClaimed)
		}
	}
	if c.limits != nil {
		return o.fits()
	}
	return nil
}

// Apply makes the operations true under the commit number n.
func (o *overlay[K, V]) Apply(n uint64, tk task.Ticket) {
	t, c := o.t, o.c
	if c.byItem {
		o.noteItem(tk)
	}
	if o.wiped {
		if o.serial {
			t.watch.wiped(n)
		}
		defer t.wipe(n, o)()
	}
	o.count(n)
	grow := c.copy != nil
	for i := range o.ops {
		p := &o.ops[i]
		h := p.hash
		var v V
		ok := true
		switch {
		case p.more != nil:
			v, ok = p.more.val, p.more.ok
		case p.op == writeset.Put:
			v = p.val
		case p.op == writeset.Drop:
			ok = false
		case p.op == writeset.Plus && mutant.Is("lost"): // read before, not now
			t.put(h, p.key, p.val, n)
			continue
		case p.op == writeset.Plus && c.ring != 0 && !o.wiped:
			t.words.Mark(t.shardOf(h), n)
			t.words.Add(h, toWord(p.key), toWord(p.val), c.ring)
			if o.serial {
				v, _, ok = t.peek(h, p.key)
				t.watch.note(p.key, v, ok, n)
			}
			continue
		default:
			var below V
			if ok = !o.wiped; ok {
				below, _, ok = t.peek(h, p.key)
			}
			v, ok, _ = p.over(c, below, ok, grow)
		}
		if ok {
			t.put(h, p.key, v, n)
		} else {
			t.drop(h, p.key, n)
		}
		if o.serial {
			t.watch.note(p.key, v, ok, n)
		}
		if p.claims() {
			c.claims.settle(tk.Claims, p.key)
		}
	}
	if o.serial {
		if c.limits != nil {
			t.entries, t.bytes = o.entries, o.bytes
		}
		t.watch.publish()
	}
}
