package dict

import (
	"context"
	"errors"
	"unsafe"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var (
	errWaitCleared = errors.New("Wait after a Clear of the same task, which takes effect when the task succeeds: it would wait for itself; clear in another task")
	errWaitScoped  = errors.New("Wait in the task that it was made in, or inside that: nothing of it is committed before it ends with the task")
)

// Wait blocks until the event is set by a commit, or until ctx ends, with its
// cause as the error, and costs nothing meanwhile. A task that has set the event
// itself doesn't wait, one that has cleared it gets an error; what tasks of an
// inner loop set is committed with the task around it. A Set with a Clear right
// behind it may be missed.
//
// A task that waits lends its slot in the program that owns the event, so that
// the one that is to set it can run; in a worker process it keeps its slot, and
// looks at ctx twice a second: wait there only for tasks that run already or
// elsewhere. Under parfor.Serializable a task that waited depends on the event:
// it conflicts if that is cleared before it commits.
func (e *Event) Wait(ctx context.Context) error {
	c, a, err := e.cell().enter(ctx)
	if err != nil {
		return err
	}
	var set struct{}
	own, err := c.ownAll(a)
	if err != nil {
		return c.named(err)
	}
	if own != nil {
		if _, ok, _ := own.find(set).over(c, set, false, false); !ok {
			return c.named(errWaitCleared)
		}
		return nil
	}
	if c.scope != nil {
		return c.named(errWaitScoped)
	}
	return c.await(ctx, a, set)
}

// await returns once a key is there.
func (c *core[K, V]) await(ctx context.Context, a *task.Attempt, k K) error {
	for {
		_, mark, ok, err := c.committed(a).get(k)
		switch {
		case err != nil:
			return c.named(err)
		case ok:
			c.saw(a, k, mark, true)
			return nil
		case ctx.Err() != nil:
			return c.named(context.Cause(ctx))
		case c.remote():
			err = c.askAwait(a, askerOf(ctx, a, true), k)
		default:
			err = c.awaitChange(ctx, a, asking{}, k)
		}
		if err != nil {
			return c.wrap(err)
		}
	}
}

// awaitChange waits at the owner, unless the key is there. It returns after a
// commit that changes the dictionary, and when that is closed or exchanged.
func (c *core[K, V]) awaitChange(ctx context.Context, a *task.Attempt, who asking, k K) error {
	t := c.table()
	w := t.watch.join()
	defer t.watch.leave(w)
	switch { // after join: who closes or exchanges the table wakes those who have joined
	case c.closed.Load():
		return ErrClosed
	case c.state.Load() != t:
		return nil
	}
	h := t.hash(k)
	t.lock(t.shardOf(h)) // a commit that began before join is over then
	_, _, there := t.peek(h, k)
	t.unlock(t.shardOf(h))
	if there {
		return nil
	}
	lies := &sleeper{worker: who, open: c.outside.Load, awake: func() bool {
		_, _, there, _ := t.get(k)
		return there || len(w.wake) > 0 || c.closed.Load() || c.state.Load() != t
	}}
	return lies.sleep(ctx, a, w.wake, nil)
}

// askAwait waits at the owner, for a while.
func (c *core[K, V]) askAwait(a *task.Attempt, who asking, k K) error {
	_, err := asker[K, V]{c, a}.ask(askAwait, func(q []byte) []byte { return c.key.append(who.append(q), unsafe.Pointer(&k)) })
	return err
}

// serveAwait answers when the key is there, or after a while.
func (c *core[K, V]) serveAwait(r *writeset.Reader, dst []byte) ([]byte, error) {
	who := readAsking(r)
	var k K
	if err := c.key.decode(r, unsafe.Pointer(&k)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if _, _, there, _ := c.table().get(k); there {
			return dst, nil
		}
		switch err := c.awaitChange(ctx, nil, who, k); {
		case errors.Is(err, context.DeadlineExceeded):
			return dst, nil
		case err != nil:
			return nil, c.named(err)
		}
	}
}
