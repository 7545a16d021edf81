package dict

import (
	"encoding/binary"
	"errors"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Questions about a queue alone.
const (
	askQueueLen  = askOwn     // -> how many
	askQueueBack = askOwn + 1 // claimant, places, count, numbers of values
)

// Serve answers a worker.
func (c *queueCore[T]) Serve(r *writeset.Reader, dst []byte) ([]byte, error) {
	switch q := r.Byte(); q {
	case askWait:
		return c.serveWait(r, dst, c.open)
	case askLeave:
		return c.serveLeave(r, dst)
	case askQueueLen:
		c.mu.Lock()
		defer c.mu.Unlock()
		return binary.AppendUvarint(dst, uint64(len(c.state.items))), nil
	case askQueueBack:
		return dst, c.serveBack(r)
	default:
		return nil, unknownQuestion(q)
	}
}

func (c *queueCore[T]) serveBack(r *writeset.Reader) error {
	by, places, n := r.Uint64(), r.Uvarint(), r.Uvarint()
	if err := readClaimant(r, by); err != nil {
		return err
	}
	if n > uint64(r.Len()/8) {
		return errors.New("dict: a question names more values than it holds")
	}
	takes := make([]uint64, n)
	for i := range takes {
		takes[i] = r.Uint64()
	}
	c.undoIn(by, takes, int(min(places, uint64(c.capacity))))
	return nil
}

// giveBack takes back what an attempt has that came to nothing.
func (c *queueCore[T]) giveBack(a *task.Attempt, takes []uint64, places int) {
	if len(takes) == 0 && places == 0 {
		return
	}
	by := claimantOf(a)
	if !task.InWorker.Load() {
		c.undoIn(by, takes, places)
		return
	}
	_, _ = c.ask(a, askQueueBack, func(q []byte) []byte { // a pool that is gone needs it no more
		q = binary.AppendUvarint(le.AppendUint64(q, by), uint64(places))
		q = binary.AppendUvarint(q, uint64(len(takes)))
		for _, seq := range takes {
			q = le.AppendUint64(q, seq)
		}
		return q
	})
}

func (c *queueCore[T]) askLen(a *task.Attempt) (int, error) {
	r, err := c.ask(a, askQueueLen, func(q []byte) []byte { return q })
	if err != nil {
		return 0, err
	}
	return int(r.Uvarint()), r.Err()
}

// answer appends what a waiter was given: nothing, or a value and its number.
func (c *queueCore[T]) answer(dst []byte, w *waiter) ([]byte, error) {
	if w.what == toPut {
		return dst, nil
	}
	dst, err := c.values.appendValue(le.AppendUint64(dst, w.seq), w.value.(T))
	return dst, c.named(err)
}

func (c *queueCore[T]) readGiven(r *writeset.Reader, w *waiter) error {
	if w.what == toPut {
		return r.Err()
	}
	w.seq = r.Uint64()
	v, err := c.values.readValue(r)
	w.value = any(v)
	return errors.Join(err, r.Err())
}

// AppendBinary appends the encoding of the handle; see [Dict.AppendBinary].
func (q *Queue[T]) AppendBinary(dst []byte) ([]byte, error) {
	return appendThing(dst, &q.c.thing, q.c), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (q *Queue[T]) MarshalBinary() ([]byte, error) { return q.AppendBinary(nil) }

// UnmarshalBinary makes q a handle of the queue that b names.
func (q *Queue[T]) UnmarshalBinary(b []byte) (err error) {
	q.c, err = findThing(b, func(t *thing) (*queueCore[T], error) { return newQueue[T](t, 1, nil) })
	return err
}
