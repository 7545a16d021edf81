package dict

import (
	"fmt"
	"slices"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// listPart is what one attempt did to one list, and what it saw there. It is a
// writeset.Part.
type listPart[T any] struct {
	c      *listCore[T]
	wiped  bool
	strict bool // what was seen counts even if nothing is written: the loop is serializable
	items  []T  // appended, after the Clear if there is one
	lent   bool // somebody may still read items
	seen   listSight
	bytes  int64 // of the list afterwards, if it has a limit; between Admit and Apply

	alone [1]writeset.Part // itself, for a commit of one part
}

// listSight is what an attempt saw of the committed list.
type listSight struct {
	some  bool   // anything
	sized bool   // its length, too
	torn  bool   // two things that can't both hold
	era   uint64 // see listState
	n     int
}

// add notes what was seen at one moment.
func (s *listSight) add(x listSight) {
	if !x.some {
		return
	}
	s.torn = s.torn || x.torn || s.some && s.era != x.era || s.sized && x.sized && s.n != x.n
	if !s.some || x.sized {
		s.n = x.n
	}
	s.some, s.sized, s.era = true, s.sized || x.sized, x.era
}

func (c *listCore[T]) blank() *listPart[T] {
	if p, _ := c.spare.Get().(*listPart[T]); p != nil {
		return p
	}
	p := &listPart[T]{c: c}
	p.alone[0] = p
	return p
}

// in returns the part of the list in a set, nil if there is none.
func (c *listCore[T]) in(s *writeset.Set) *listPart[T] {
	for _, p := range s.Parts() {
		if p, ok := p.(*listPart[T]); ok && p.c == c {
			return p
		}
	}
	return nil
}

// part returns the part of the list in a set, made if need be.
func (c *listCore[T]) part(s *writeset.Set) *listPart[T] {
	p := c.in(s)
	if p == nil {
		p = c.blank()
		p.strict = serializable(s.Attempt())
		s.Add(p)
	}
	return p
}

// push appends copies of values, all or none.
func (p *listPart[T]) push(values []T) error {
	if p.c.copy == nil {
		p.items = append(p.items, values...)
		return nil
	}
	items := slices.Grow(p.items, len(values))
	for _, v := range values {
		v, err := p.c.copy(v)
		if err != nil {
			return err
		}
		items = append(items, v)
	}
	p.items = items
	return nil
}

// wipe records a Clear: nothing before it matters.
func (p *listPart[T]) wipe() {
	p.wiped = true
	p.drop()
}

// drop forgets the elements, and keeps their memory if that is little.
func (p *listPart[T]) drop() {
	if p.lent || cap(p.items) > 1024 {
		p.items, p.lent = nil, false
		return
	}
	clear(p.items)
	p.items = p.items[:0]
}

// Release empties a part for reuse.
func (p *listPart[T]) Release() {
	p.drop()
	p.wiped, p.strict, p.seen = false, false, listSight{}
	p.c.spare.Put(p)
}

// Store is the list.
func (p *listPart[T]) Store() writeset.Store { return p.c }

// Scope is the attempt the list was made in.
func (p *listPart[T]) Scope() *task.Attempt { return p.c.scope }

// Changes reports whether there is anything to apply.
func (p *listPart[T]) Changes() bool { return p.wiped || len(p.items) > 0 }

// Observes reports whether the attempt depends on what it saw: it wrote to what
// it read, or is serializable.
func (p *listPart[T]) Observes() bool { return p.seen.some && (p.strict || p.Changes()) }

// Observed appends the list: it is one key.
func (p *listPart[T]) Observed(dst []task.Key) []task.Key {
	if p.Observes() {
		dst = append(dst, task.Key{Dict: p.c.id})
	}
	return dst
}

// Lock locks the list.
func (p *listPart[T]) Lock() { p.c.mu.Lock() }

// Unlock gives the lock back.
func (p *listPart[T]) Unlock() { p.c.mu.Unlock() }

// Holds reports whether the attempt would see the same now. Elements stay as
// they are until a Clear; only who was told the length minds an append.
func (p *listPart[T]) Holds(task.Ticket) bool {
	s, st := &p.seen, &p.c.state
	return !p.Observes() || !s.torn && s.era == st.era && (!s.sized || s.n == st.n)
}

// Admit refuses what may not be committed.
func (p *listPart[T]) Admit(task.Ticket) error {
	c := p.c
	if c.closed.Load() {
		return c.named(ErrClosed)
	}
	if c.limits == nil {
		return nil
	}
	n, bytes := c.state.n, c.state.bytes
	if p.wiped {
		n, bytes = 0, 0
	}
	if n += len(p.items); c.limits.entries > 0 && n > c.limits.entries && len(p.items) > 0 {
		return fmt.Errorf("%w: %s would hold %d elements, MaxEntries is %d", ErrFull, c.name, n, c.limits.entries)
	}
	if c.limits.bytes > 0 {
		var buf []byte
		for _, v := range p.items {
			b, err := c.val().Put(buf[:0], v)
			if err != nil {
				return c.named(err)
			}
			buf, bytes = b, bytes+int64(len(b))
		}
		if bytes > c.limits.bytes && len(p.items) > 0 {
			return fmt.Errorf("%w: %s would hold %d bytes, MaxBytes is %d", ErrFull, c.name, bytes, c.limits.bytes)
		}
	}
	p.bytes = bytes
	return nil
}

// Apply makes it true under the commit number n.
func (p *listPart[T]) Apply(n uint64, _ task.Ticket) {
	st := &p.c.state
	if p.wiped && st.n > 0 {
		*st = listState[T]{era: n}
	}
	st.append(p.items)
	st.bytes = p.bytes
}

// MergeInto hands the part to the set of the enclosing attempt.
func (p *listPart[T]) MergeInto(parent *writeset.Set) {
	dst := p.c.in(parent)
	if dst == nil {
		parent.Add(p)
		return
	}
	if p.wiped {
		dst.wipe()
	}
	dst.items = append(dst.items, p.items...)
	p.sightInto(dst)
}

func (p *listPart[T]) sightInto(dst *listPart[T]) {
	dst.seen.add(p.seen)
	dst.strict = dst.strict || p.strict
}

// Undo leaves nothing: appends have no effect before the commit. In a
// serializable loop the enclosing task has seen what it saw.
func (p *listPart[T]) Undo(a *task.Attempt) {
	if a != nil && a.Parent != nil && p.strict && p.c.scope == nil {
		a.Parent.With(writeset.New, func(tx task.Tx) error { // an ended parent needs it no more
			p.sightInto(p.c.part(writeset.Of(tx)))
			return nil
		})
	}
}

// Each calls f with the operations in order.
func (p *listPart[T]) Each(f func(op writeset.Op, key, value any)) {
	if p.wiped {
		f(writeset.Wipe, nil, nil)
	}
	if len(p.items) > 0 {
		f(writeset.Join, nil, slices.Clone(p.items))
	}
}

// Barred does nothing: a list counts no conflicts.
func (p *listPart[T]) Barred() {}

// Undecide notes that the attempt writes to the list, for the tasks after it.
func (p *listPart[T]) Undecide(slot int, count uint64) {
	if p.Changes() {
		task.Undecide(p.c.nearHash(), slot, count)
	}
}

// nearHash tells the list from keys of dictionaries, in this process.
func (c *listCore[T]) nearHash() uint64 { return c.id * 0x9e3779b97f4a7c15 >> 20 }
