package dict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// queuePart is what one attempt did to a queue: a writeset.Part.
type queuePart[T any] struct {
	blindPart
	c       *queueCore[T]
	takes   []uint64
	puts    []T
	closing bool
}

var errNoStake = errors.New("a task commits what it has neither taken nor reserved")

// inPart changes the attempt's part.
func (c *queueCore[T]) inPart(a *task.Attempt, f func(*queuePart[T])) error {
	return a.With(writeset.New, func(tx task.Tx) error {
		s := writeset.Of(tx)
		p, ok := partOf[*queuePart[T]](s, c.id)
		if !ok {
			p = &queuePart[T]{c: c}
			s.Add(p)
		}
		f(p)
		return nil
	})
}

// closedBy reports whether the task, or one around it, has closed the queue.
func (c *queueCore[T]) closedBy(a *task.Attempt) (closed bool) {
	for ; a != nil && !closed; a = a.Parent {
		_ = a.With(nil, func(tx task.Tx) error {
			p, ok := partOf[*queuePart[T]](writeset.Of(tx), c.id)
			closed = ok && p.closing
			return nil
		})
	}
	return closed
}

// commit commits one part outside of tasks.
func (c *queueCore[T]) commit(p *queuePart[T]) error {
	_, err := writeset.Commit([]writeset.Part{p}, task.Ticket{})
	if err == nil && p.closing {
		c.fed.Store(false) // nobody puts any more
	}
	return err
}

// Store is the queue.
func (p *queuePart[T]) Store() writeset.Store { return p.c }

// Lock takes the one lock.
func (p *queuePart[T]) Lock() { p.c.mu.Lock() }

// Unlock serves those who wait: all of the commit is applied now.
func (p *queuePart[T]) Unlock() {
	p.c.advance()
	p.c.mu.Unlock()
}

// Admit refuses what the task has no right to.
func (p *queuePart[T]) Admit(t task.Ticket) error {
	if len(p.takes) == 0 && len(p.puts) == 0 {
		return nil
	}
	s := p.c.state.stakes[t.Claims]
	if s == nil || s.places < len(p.puts) {
		return p.c.named(errNoStake)
	}
	for _, seq := range p.takes {
		if _, ok := s.taken[seq]; !ok {
			return p.c.named(errNoStake)
		}
	}
	return nil
}

// Apply lands what was put, and lets go what was taken.
func (p *queuePart[T]) Apply(_ uint64, t task.Ticket) {
	st := p.c.state
	st.closed = st.closed || p.closing
	for _, v := range p.puts {
		st.seq++
		st.items = append(st.items, queued[T]{st.seq, v})
	}
	if s := st.stakes[t.Claims]; s != nil {
		s.places -= len(p.puts)
		st.reserved -= len(p.puts)
		for _, seq := range p.takes {
			delete(s.taken, seq)
		}
		s.settle()
	}
}

// MergeInto hands the part to the enclosing attempt.
func (p *queuePart[T]) MergeInto(parent *writeset.Set) {
	o, ok := partOf[*queuePart[T]](parent, p.c.id)
	if !ok {
		parent.Add(p)
		return
	}
	o.takes, o.puts, o.closing = append(o.takes, p.takes...), append(o.puts, p.puts...), o.closing || p.closing
}

// Undo gives back what the attempt had.
func (p *queuePart[T]) Undo(a *task.Attempt) { p.c.giveBack(a, p.takes, len(p.puts)) }

// Each calls f with the values put and the numbers of those taken.
func (p *queuePart[T]) Each(f func(op writeset.Op, key, value any)) {
	for _, v := range p.puts {
		f(writeset.Join, nil, v)
	}
	for _, seq := range p.takes {
		f(writeset.Drop, seq, nil)
	}
}

// Append encodes the part: flags, the numbers of the values taken, ascending,
// then each value put after a zero byte.
func (p *queuePart[T]) Append(dst []byte) (_ []byte, err error) {
	flags := byte(0)
	if p.closing {
		flags = 1
	}
	slices.Sort(p.takes)
	dst = binary.AppendUvarint(append(dst, flags), uint64(len(p.takes)))
	for _, seq := range p.takes {
		dst = le.AppendUint64(dst, seq)
	}
	dst = binary.AppendUvarint(dst, uint64(len(p.puts)))
	for _, v := range p.puts {
		if dst, err = p.c.values.appendValue(append(dst, 0), v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// Decode reads a part.
func (c *queueCore[T]) Decode(r *writeset.Reader) (writeset.Part, error) {
	p := &queuePart[T]{c: c}
	flags, n := r.Byte(), r.Uvarint()
	if flags > 1 {
		return nil, fmt.Errorf("unknown flags %#x", flags)
	}
	if p.closing = flags == 1; n > uint64(r.Len()/8) {
		return nil, errors.New("it names more values than it holds")
	}
	for i := range n {
		seq := r.Uint64()
		if i > 0 && seq <= p.takes[i-1] {
			return nil, errors.New("it takes its values out of order")
		}
		p.takes = append(p.takes, seq)
	}
	if n = r.Uvarint(); n > uint64(r.Len()) {
		return nil, errors.New("it names more values than it holds")
	}
	for range n {
		if r.Byte() != 0 {
			return nil, errors.New("a value begins with no zero")
		}
		v, err := c.values.readValue(r)
		if err != nil {
			return nil, err
		}
		p.puts = append(p.puts, v)
	}
	return p, r.Err()
}
