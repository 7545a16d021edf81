package dict

import (
	"context"
	"time"

	"parfor.dev/parfor/internal/task"
)

// WaitFor returns the value of a key once it is there. It blocks until then, or
// until ctx ends, with its cause as the error, or [ErrDeadlock]. A
// task that waits lends its slot in the program that owns the dictionary, so
// that the one that is to store the value can run; in a worker process it keeps
// its slot, so wait there only for tasks that run already or elsewhere.
func (l *Live[K, V]) WaitFor(ctx context.Context, k K) (V, error) {
	return l.WaitUntil(ctx, k, func(_ V, ok bool) bool { return ok })
}

// WaitUntil is WaitFor until good says yes to the value of the key, or to its
// absence. good runs in this process, once for each state of the key that it
// gets to see; states that pass quickly may be missed.
func (l *Live[K, V]) WaitUntil(ctx context.Context, k K, good func(v V, ok bool) bool) (v V, err error) {
	c := l.c
	a, err := c.enter(ctx)
	if err != nil {
		return v, err
	}
	if err := c.clean(&k); err != nil {
		return v, err
	}
	first, last, had := true, v, false
	for {
		if err := ctx.Err(); err != nil {
			return v, c.named(context.Cause(ctx))
		}
		var ok bool
		if task.InWorker.Load() {
			v, ok, err = c.askWait(a, askerOf(ctx, a, true), k, last, had, first)
		} else {
			v, ok, err = c.await(ctx, a, asking{}, k, last, had, first)
		}
		if err != nil {
			return v, c.wrap(err)
		}
		if v, err = c.out(v); err != nil {
			return v, err
		}
		if good(v, ok) {
			return v, nil
		}
		first, last, had = false, v, ok
	}
}

// patience bounds a wait at the owner for a worker: who asks has to ask again,
// so that nobody waits for long in the name of a dead one.
const patience = 500 * time.Millisecond

// await returns the value of a key at the owner, once it differs from the last
// one that the caller has seen.
func (c *liveCore[K, V]) await(ctx context.Context, a *task.Attempt, who asking, k K, last V, had, first bool) (v V, ok bool, err error) {
	for {
		st := c.now()
		s := st.shard(c, k)
		s.mu.Lock()
		v, ok = s.m[k]
		if first || ok != had || ok && !c.equal(v, last) {
			s.mu.Unlock()
			return v, ok, nil
		}
		ch := s.wait[k]
		if ch == nil {
			if ch = make(chan struct{}); s.wait == nil {
				s.wait = map[K]chan struct{}{}
			}
			s.wait[k] = ch
		}
		s.mu.Unlock()
		lies := &sleeper{worker: who, open: c.outside.Load, awake: func() bool { return isOver(ch) || isOver(st.ended) }}
		if err := lies.sleep(ctx, a, ch, st.ended); err != nil {
			return v, ok, err
		}
	}
}

func isOver(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
