package dict

import (
	"slices"

	"parfor.dev/parfor/internal/writeset"
)

// queueState is what the owner has of a queue. Queued values and reserved places
// are never more than the capacity, but for values that came back.
type queueState[T any] struct {
	items    []queued[T] // in order of seq
	seq      uint64      // of the last value put
	reserved int
	closed   bool
	stakes   map[uint64]*stake[T]
	takers   waiters
	putters  waiters
}

type queued[T any] struct {
	seq uint64
	val T
}

// stake is what a running task has of a queue: values taken, places reserved.
type stake[T any] struct {
	c      *queueCore[T]
	st     *queueState[T]
	by     uint64
	places int
	taken  map[uint64]T
}

func newQueueState[T any]() *queueState[T] {
	return &queueState[T]{stakes: map[uint64]*stake[T]{}}
}

// stakeOf returns what a task has, nil if its worker has died.
func (c *queueCore[T]) stakeOf(by uint64) *stake[T] {
	st := c.state
	s := st.stakes[by]
	if s == nil {
		s = &stake[T]{c: c, st: st, by: by, taken: map[uint64]T{}}
		if ofWorker(by) && !writeset.Hold(by, s) {
			return nil
		}
		st.stakes[by] = s
	}
	return s
}

// settle forgets a stake that is nothing any more.
func (s *stake[T]) settle() {
	if s.places > 0 || len(s.taken) > 0 || s.st.stakes[s.by] != s {
		return
	}
	delete(s.st.stakes, s.by)
	if ofWorker(s.by) {
		writeset.Settled(s.by, s)
	}
}

// Free takes back all that a task had which came to nothing.
func (s *stake[T]) Free() {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for seq := range s.taken {
		s.put(seq)
	}
	s.st.reserved -= s.places
	s.places = 0
	delete(s.st.stakes, s.by)
	s.c.advance()
}

// put returns a taken value to its place in the order.
func (s *stake[T]) put(seq uint64) {
	v, ok := s.taken[seq]
	if !ok {
		return
	}
	delete(s.taken, seq)
	i, _ := slices.BinarySearchFunc(s.st.items, seq, func(q queued[T], seq uint64) int {
		if q.seq < seq {
			return -1
		}
		return 1
	})
	s.st.items = slices.Insert(s.st.items, i, queued[T]{seq, v})
}

// undoIn takes back some of what a task had.
func (c *queueCore[T]) undoIn(by uint64, takes []uint64, places int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.undoHeld(by, takes, places)
}

func (c *queueCore[T]) undoHeld(by uint64, takes []uint64, places int) {
	s := c.state.stakes[by]
	if s == nil {
		return
	}
	for _, seq := range takes {
		s.put(seq)
	}
	places = min(places, s.places)
	s.places -= places
	s.st.reserved -= places
	s.settle()
	c.advance()
}

// serve is of [served].
func (c *queueCore[T]) serve(w *waiter) bool {
	st := c.state
	q := &st.putters
	if w.what == toTake {
		q = &st.takers
	} else if w.what != toPut {
		w.decide(errUnknownOp)
		return true
	}
	q.push(w)
	c.advance()
	if !w.patient && !w.over.Load() {
		q.remove(w)
		return false
	}
	return w.over.Load()
}

// advance gives what there is to those who wait for it, in order.
func (c *queueCore[T]) advance() {
	st := c.state
	for {
		taker, putter := st.takers.first(), st.putters.first()
		switch {
		case taker != nil && len(st.items) > 0:
			st.takers.remove(taker)
			c.give(taker)
		case putter != nil && st.closed:
			st.putters.end(ErrQueueClosed)
		case putter != nil && len(st.items)+st.reserved < c.capacity:
			st.putters.remove(putter)
			if s := c.stakeOf(putter.by); s == nil {
				putter.decide(ErrTaskDone)
			} else {
				s.places++
				st.reserved++
				putter.decide(nil)
			}
		case taker != nil && st.closed && c.drained():
			st.takers.end(ErrQueueClosed)
		default:
			return
		}
	}
}

// give gives the first value to a taker.
func (c *queueCore[T]) give(w *waiter) {
	st := c.state
	s := c.stakeOf(w.by)
	if s == nil {
		w.decide(ErrTaskDone)
		return
	}
	it := st.items[0]
	st.items[0] = queued[T]{}
	if st.items = st.items[1:]; len(st.items) == 0 {
		st.items = nil
	}
	s.taken[it.seq] = it.val
	w.seq, w.value = it.seq, any(it.val)
	w.decide(nil)
}

// drained reports whether a closed queue without values will have none any more:
// whoever has taken one waits for the next, and so will not fail before it is
// told that there is none.
func (c *queueCore[T]) drained() bool {
	for by, s := range c.state.stakes {
		waits := slices.ContainsFunc(c.state.takers.all, func(w *waiter) bool { return w.by == by && by != 0 })
		if s.places > 0 || !waits {
			return false
		}
	}
	return true
}

func (c *queueCore[T]) leave(w *waiter) {
	c.state.takers.remove(w)
	c.state.putters.remove(w)
	c.advance()
}

func (c *queueCore[T]) undo(w *waiter) {
	if w.what == toTake {
		c.undoHeld(w.by, []uint64{w.seq}, 0)
	} else {
		c.undoHeld(w.by, nil, 1)
	}
}

// Swap puts an empty state in place until restore is called.
func (c *queueCore[T]) Swap() (restore func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, fed, emptied := c.state, c.fed.Swap(false), c.emptied.Swap(false)
	c.state = newQueueState[T]()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.state.takers.end(errOver)
		c.state.putters.end(errOver)
		c.state = was
		c.fed.Store(fed)
		c.emptied.Store(emptied)
	}
}
