package dict

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// ask does one operation on a key at the owner: the operation, the key, its
// values; the answer is whether, and the value.
func (c *liveCore[K, V]) ask(at *task.Attempt, op liveOp, k K, a, b V) (v V, ok bool, err error) {
	var bad error
	r, err := writeset.Ask(at, c.id, func(q []byte) []byte {
		q = c.key.append(append(q, byte(op)), unsafe.Pointer(&k))
		for _, x := range []*V{&a, &b}[:op.values()] {
			if bad == nil {
				q, bad = c.appendValue(q, *x)
			}
		}
		if bad != nil {
			return append(q[:0], make([]byte, 9)...) // refused there, and never meant
		}
		return q
	})
	if bad != nil {
		return v, false, c.named(bad)
	}
	if err != nil {
		return v, false, err
	}
	return c.readLive(r)
}

func (c *liveCore[K, V]) readLive(r *writeset.Reader) (v V, ok bool, err error) {
	flags := r.Byte()
	if flags&2 != 0 {
		v, err = c.readValue(r)
	}
	return v, flags&1 != 0, errors.Join(err, r.Err())
}

func (c *liveCore[K, V]) appendLive(dst []byte, v V, ok, has bool) ([]byte, error) {
	flags := byte(0)
	if ok {
		flags = 1
	}
	if !has {
		return append(dst, flags), nil
	}
	return c.appendValue(append(dst, flags|2), v)
}

// askWait waits at the owner for a change, a while at a time. The answer has a
// flag besides those of others: a deadlock.
func (c *liveCore[K, V]) askWait(at *task.Attempt, who asking, k K, last V, had, first bool) (v V, ok bool, err error) {
	var bad error
	r, err := writeset.Ask(at, c.id, func(q []byte) []byte {
		flags := byte(0)
		if first {
			flags |= 1
		}
		if had {
			flags |= 2
		}
		q = append(c.key.append(append(q, byte(liveWait)), unsafe.Pointer(&k)), flags)
		if had {
			q, bad = c.appendValue(q, last)
		}
		return who.append(q)
	})
	if err = errors.Join(bad, err); err != nil {
		return v, false, err
	}
	if r.Byte() == isDeadlock {
		return v, false, ErrDeadlock
	}
	return c.readLive(r)
}

func (c *liveCore[K, V]) askWhole(at *task.Attempt, op liveOp) (w wholeOf[K, V], err error) {
	r, err := writeset.Ask(at, c.id, func(q []byte) []byte { return append(q, byte(op)) })
	if err != nil {
		return w, err
	}
	n := r.Uvarint()
	if w.n = int(n); op != liveAll {
		return w, r.Err()
	}
	if n > uint64(r.Len())+1 {
		return w, errAnswer
	}
	w.entries = make(map[K]V, n)
	for range n {
		var k K
		if err := c.key.decode(r, unsafe.Pointer(&k)); err != nil {
			return w, err
		}
		if w.entries[k], err = c.readValue(r); err != nil {
			return w, err
		}
	}
	return w, r.Err()
}

// Serve does a worker's operation at the owner.
func (c *liveCore[K, V]) Serve(r *writeset.Reader, dst []byte) ([]byte, error) {
	op := liveOp(r.Byte())
	switch op {
	case liveLen, liveClear, liveAll:
		return c.serveWhole(op, dst)
	case 0:
		return nil, errors.New("dict: a question without an operation")
	}
	var k K
	if err := c.key.decode(r, unsafe.Pointer(&k)); err != nil {
		return nil, err
	}
	if op == liveWait {
		return c.serveWait(r, k, dst)
	}
	if op > liveWait {
		return nil, fmt.Errorf("dict: unknown operation %d", op)
	}
	var vals [2]V
	for i := range op.values() {
		var err error
		if vals[i], err = c.readValue(r); err != nil {
			return nil, err
		}
	}
	v, ok, err := c.do(op, k, vals[0], vals[1])
	if err != nil {
		return nil, c.named(err)
	}
	return c.appendLive(dst, v, ok, ok || op == liveAdd || op == liveSetIfAbsent)
}

// serveWait answers a wait when the key changes or after a while.
func (c *liveCore[K, V]) serveWait(r *writeset.Reader, k K, dst []byte) (_ []byte, err error) {
	flags := r.Byte()
	first, had := flags&1 != 0, flags&2 != 0
	var last V
	if had {
		if last, err = c.readValue(r); err != nil {
			return nil, err
		}
	}
	who := readAsking(r)
	if r.Err() != nil {
		return nil, r.Err()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	v, ok, err := c.await(ctx, nil, who, k, last, had, first)
	switch {
	case err == ErrDeadlock:
		return append(dst, isDeadlock), nil
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		return nil, c.named(err)
	}
	return c.appendLive(append(dst, isServed), v, ok, ok)
}

func (c *liveCore[K, V]) serveWhole(op liveOp, dst []byte) (_ []byte, err error) {
	m := c.all(op == liveClear)
	dst = binary.AppendUvarint(dst, uint64(len(m)))
	if op != liveAll {
		return dst, nil
	}
	for k, v := range m {
		dst = c.key.append(dst, unsafe.Pointer(&k))
		if dst, err = c.appendValue(dst, v); err != nil {
			return nil, c.named(err)
		}
		if len(dst) > maxAnswer {
			return nil, c.named(fmt.Errorf("a snapshot of it takes more than %d MiB to send to a worker process", maxAnswer>>20))
		}
	}
	return dst, nil
}
