package dict

import (
	"errors"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// overlay is what one attempt did to one dictionary, and what it saw there:
// for each key what is to be done, and possibly a Clear before all of that. It
// is a writeset.Part.
type overlay[K comparable, V any] struct {
	c      *core[K, V]
	wiped  bool
	strict bool            // every sight counts: the loop is serializable
	lost   bool            // of a part that came from a worker process: see hasLost
	ops    []pending[K, V] // in the order in which keys were first touched
	index  index           // of ops
	first  [1]pending[K, V]
	seen   sights[K]
	claims []K           // claimed by this attempt, to be freed if it comes to nothing
	by     *task.Attempt // whose it is, if the order of items counts

	texts    []byte // room for short strings that the attempt reads
	reads    int    // of this attempt
	received int    // bytes, of a part that came from a worker process

	// Between Lock and Unlock.
	t       *table[K, V]
	held    [maxShards / 64]uint64
	serial  bool  // the table's one lock is held, too
	entries int   // afterwards, if the dictionary has a limit
	bytes   int64 // likewise
	fetched uint64

	alone [1]writeset.Part // itself, for a commit of one part
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
		o = c.blank()
		o.strict = serializable(s.Attempt())
		if c.byItem {
			o.by = s.Attempt()
		}
		s.Add(o)
	}
	return o
}

func (o *overlay[K, V]) find(k K) *pending[K, V] {
	if o.index.on {
		if i := o.indexed(k, o.c.nearHash(k)); i >= 0 {
			return &o.ops[i]
		}
		return nil
	}
	return o.scan(k)
}

func (o *overlay[K, V]) scan(k K) *pending[K, V] {
	for i := range o.ops {
		if o.ops[i].key == k {
			return &o.ops[i]
		}
	}
	return nil
}

// entry returns the place of a key, made if need be.
func (o *overlay[K, V]) entry(k K) *pending[K, V] {
	var h uint64
	if o.index.on {
		h = o.c.nearHash(k)
		if i := o.indexed(k, h); i >= 0 {
			return &o.ops[i]
		}
	} else if p := o.scan(k); p != nil {
		return p
	}
	if o.ops == nil {
		o.ops = o.first[:0]
	}
	o.ops = append(o.ops, pending[K, V]{key: k, hash: h})
	o.enlist()
	return &o.ops[len(o.ops)-1]
}

// record adds a step to a key. After a Clear the key is known to be absent.
func (o *overlay[K, V]) record(k K, s *step[V]) {
	p := o.entry(k)
	if p.op == writeset.None && p.more == nil && o.wiped {
		p.op = writeset.Drop
	}
	p.push(o.c, s)
}

// errClear is a Clear after something that may refuse the commit: what that
// was would have to be kept beside the Clear.
var errClear = errors.New("Clear after an Insert, a Compute or a Claim of the same task: clear first, or in another task")

// wipe records a Clear: nothing before it matters.
func (o *overlay[K, V]) wipe() error {
	for i := range o.ops {
		if o.ops[i].checks() {
			return errClear
		}
	}
	if len(o.seen.log) > 0 && len(o.ops) > 0 {
		o.strict = true // what was read and then written was an observation
	}
	o.wiped = true
	clear(o.ops)
	o.ops = o.ops[:0]
	o.unindex()
	return nil
}

// replay records the operations of o in another overlay.
func (o *overlay[K, V]) replay(dst *overlay[K, V]) error {
	if o.wiped {
		if err := dst.wipe(); err != nil {
			return err
		}
	}
	for i := range o.ops {
		p := &o.ops[i]
		p.each(func(s *step[V]) { dst.record(p.key, s) })
	}
	return nil
}

// MergeInto hands the part to the set of the enclosing attempt.
func (o *overlay[K, V]) MergeInto(parent *writeset.Set) {
	dst := o.c.in(parent)
	if o.by != nil {
		o.byItemInto(dst, parent.Attempt())
	}
	if dst == nil {
		parent.Add(o)
		return
	}
	if err := o.replay(dst); err != nil {
		parent.Fail(o.c.named(err))
	}
	o.sightsInto(dst)
	dst.reads += o.reads
	dst.claims = append(dst.claims, o.claims...)
	o.claims = nil
}

func (o *overlay[K, V]) sightsInto(dst *overlay[K, V]) {
	for _, x := range o.seen.log {
		dst.seen.add(x.key, x.mark, x.ok)
	}
	if o.seen.whole {
		dst.seen.look(o.seen.wholeAt)
	}
	dst.strict = dst.strict || o.strict
}

// Undo frees what the attempt claimed. In a serializable loop the enclosing
// task has seen what it saw: that the inner one failed may come of it. That it
// met what it can't have been told is the enclosing task's conflict in any loop.
func (o *overlay[K, V]) Undo(a *task.Attempt) {
	o.c.unclaim(a, o.claims)
	o.claims = nil
	lost := o.hasLost()
	if a != nil && a.Parent != nil && (o.strict || lost) && o.c.scope == nil {
		a.Parent.With(writeset.New, func(tx task.Tx) error { // an ended parent needs it no more
			dst := o.c.part(writeset.Of(tx))
			if dst.lost = dst.lost || lost; o.strict {
				o.sightsInto(dst)
			}
			return nil
		})
	}
}

// Store is the dictionary.
func (o *overlay[K, V]) Store() writeset.Store { return o.c }

// Scope is the attempt the dictionary was made in.
func (o *overlay[K, V]) Scope() *task.Attempt { return o.c.scope }

// Changes reports whether there is anything to apply.
func (o *overlay[K, V]) Changes() bool { return o.wiped || len(o.ops) > 0 }

// Each calls f with the operations in order.
func (o *overlay[K, V]) Each(f func(op writeset.Op, key, value any)) {
	if o.wiped {
		f(writeset.Wipe, nil, nil)
	}
	for i := range o.ops {
		p := &o.ops[i]
		p.each(func(s *step[V]) { f(s.op, p.key, s.val) })
	}
}

// Release empties a part for reuse.
func (o *overlay[K, V]) Release() {
	if o.reads > 0 {
		o.countReads()
	}
	o.received = 0
	clear(o.ops)
	if cap(o.ops) > 1024 {
		o.ops = o.first[:0]
	}
	if cap(o.seen.log) > 4*firstLimit {
		o.seen.log = nil
	}
	o.seen = sights[K]{log: o.seen.log[:0]}
	o.ops, o.wiped, o.strict, o.lost, o.claims, o.by = o.ops[:0], false, false, false, nil, nil
	o.unindex()
	o.c.spare.Put(o)
}

// blank returns an empty part. Who knows that nobody else refers to it any more
// may give it back with Release.
func (c *core[K, V]) blank() *overlay[K, V] {
	if o, _ := c.spare.Get().(*overlay[K, V]); o != nil {
		return o
	}
	return newOverlay(c)
}
