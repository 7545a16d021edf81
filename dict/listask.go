package dict

import (
	"encoding/binary"
	"fmt"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Questions of a worker process, each one round trip.
const (
	askListLen = 1 // -> era, length
	askListAt  = 2 // index -> era, length, 1 and the element if it is there
	askListAll = 3 // -> era, length, the elements
)

// now is the committed list, at the owner.
func (c *listCore[T]) now() listState[T] {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.state
}

// size, at and freeze read the committed list, in a worker process by asking.
func (c *listCore[T]) size(a *task.Attempt) (listSight, error) {
	if !c.remote() {
		st := c.now()
		return st.seen(), nil
	}
	s, _, err := c.ask(a, askListLen, nil)
	return s, err
}

// at returns the element of that index; if there is none the sight has the
// length.
func (c *listCore[T]) at(a *task.Attempt, i int) (v T, s listSight, err error) {
	if !c.remote() {
		st := c.now()
		s = st.seen()
		if s.sized = i >= st.n; !s.sized {
			v = st.at(i)
		}
		return v, s, nil
	}
	s, r, err := c.ask(a, askListAt, func(q []byte) []byte { return binary.AppendUvarint(q, uint64(i)) })
	if err != nil {
		return v, s, err
	}
	if s.sized = r.Byte() == 0; !s.sized {
		v, err = readValue(r, c.val())
	}
	return v, s, err
}

func (c *listCore[T]) freeze(a *task.Attempt) (st listState[T], err error) {
	if !c.remote() {
		return c.now(), nil
	}
	s, r, err := c.ask(a, askListAll, nil)
	if err != nil {
		return st, err
	}
	st.era = s.era
	items, err := readInto(nil, r, c.val(), uint64(s.n))
	if err != nil {
		return st, err
	}
	st.append(items)
	return st, nil
}

// ask returns the length of the list, and a reader of what comes after it.
func (c *listCore[T]) ask(a *task.Attempt, question byte, more func(q []byte) []byte) (s listSight, r *writeset.Reader, err error) {
	task.Decide(c.nearHash())
	r, err = writeset.Ask(a, c.id, func(q []byte) []byte {
		q = append(q, question)
		if more != nil {
			q = more(q)
		}
		return q
	})
	if err != nil {
		return s, nil, err
	}
	s = listSight{some: true, sized: true, era: r.Uint64()}
	n := r.Uvarint()
	if s.n = int(n); r.Err() != nil || s.n < 0 || uint64(s.n) != n {
		return s, nil, errAnswer
	}
	return s, r, nil
}

// Serve answers a worker's question at the owner.
func (c *listCore[T]) Serve(r *writeset.Reader, dst []byte) ([]byte, error) {
	if c.closed.Load() {
		return nil, c.named(ErrClosed)
	}
	st := c.now()
	q := r.Byte()
	dst = binary.LittleEndian.AppendUint64(dst, st.era)
	dst = binary.AppendUvarint(dst, uint64(st.n))
	var err error
	switch q {
	case askListLen:
	case askListAt:
		i := r.Uvarint()
		if r.Err() != nil {
			return nil, r.Err()
		}
		if i >= uint64(st.n) {
			return append(dst, 0), nil
		}
		dst, err = appendValue(append(dst, 1), c.val(), st.at(int(i)))
	case askListAll:
		dst, err = c.appendAll(dst, &st)
	default:
		err = fmt.Errorf("unknown question %d", q)
	}
	if err != nil {
		return nil, c.named(err)
	}
	return dst, nil
}

func (c *listCore[T]) appendAll(dst []byte, st *listState[T]) (_ []byte, err error) {
	for run := range st.runs() {
		for _, v := range run {
			if dst, err = appendValue(dst, c.val(), v); err != nil {
				return dst, err
			}
			if len(dst) > maxAnswer {
				return dst, fmt.Errorf("a snapshot of it takes more than %d MiB to send to a worker process: read single elements there, or take it in the program that owns it", maxAnswer>>20)
			}
		}
	}
	return dst, nil
}
