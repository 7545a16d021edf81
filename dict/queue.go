package dict

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// ErrQueueClosed means that a queue takes no more values, or has no more to give.
var ErrQueueClosed = errors.New("the queue is closed")

// Queue is a bounded queue that tasks share. What a task puts is there when, and
// if, the task succeeds; what it takes is its own at once, and back in front if
// the task fails, panics, times out, is killed or is tried again. So each value
// counts in one successful task, and no value is lost with a worker.
//
// Values come in the order of the commits that put them. The context decides as
// for a [Dict]; outside tasks each call is one commit. A Queue is a handle, as a
// Dict is, and its methods may be called concurrently.
type Queue[T any] struct {
	c *queueCore[T]
}

type queueCore[T any] struct {
	thing
	values   *core[int8, T] // how values are copied and encoded
	capacity int

	// Code outside tasks put, and took.
	fed, emptied atomic.Bool

	state *queueState[T] // guarded by the lock
}

// What is asked of a queue.
const (
	toPut  = 1
	toTake = 2
)

// NewQueue returns the queue of that name, for at most capacity values. Names,
// values and panics are as for [New].
func NewQueue[T any](name string, capacity int, opts ...WaitOption) *Queue[T] {
	pkg, site := callerOf(thisPackage + ".NewQueue")
	full := fullName(pkg, name, site)
	c, err := newQueue[T](&thing{id: writeset.Named(full), name: full, site: site}, capacity, opts)
	if err != nil {
		panic(fmt.Sprintf("dict: %s at %s: %v", full, site, err))
	}
	writeset.Keep(c)
	return &Queue[T]{c}
}

// MakeQueue returns a queue without a name, to be passed to bodies inside their
// items, or with parfor.With. It lives as [Make] says, but can't be made with a
// task's context.
func MakeQueue[T any](ctx context.Context, capacity int, opts ...WaitOption) (*Queue[T], error) {
	t, err := unnamed(ctx, "Queue")
	if err != nil {
		return nil, err
	}
	c, err := newQueue[T](t, capacity, opts)
	if err != nil {
		return nil, fmt.Errorf("dict: MakeQueue: %w", err)
	}
	return &Queue[T]{c}, nil
}

func newQueue[T any](t *thing, capacity int, opts []WaitOption) (*queueCore[T], error) {
	if capacity < 1 {
		return nil, fmt.Errorf("a queue for %d values: the capacity must be at least 1", capacity)
	}
	values, err := newCore[int8, T](t.name, nil)
	if err != nil {
		return nil, err
	}
	c := &queueCore[T]{values: values, capacity: capacity, state: newQueueState[T]()}
	c.id, c.name, c.site, c.life = t.id, t.name, t.site, t.life
	c.self = c
	c.outside.Store(waitOptionsOf(opts).outside)
	return c, nil
}

// Name returns the full name, or "anonymous dictionary n".
func (q *Queue[T]) Name() string { return q.c.name }

// Put appends a value when the task succeeds. It reserves the place at once: it
// blocks while values and reserved places are as many as the capacity, until ctx
// ends, with its cause as the error, or [ErrDeadlock]. A closed queue is
// [ErrQueueClosed]. The value is copied. A task that waits lends its slot in
// this program; in a worker process it keeps it.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	_, err := q.c.put(ctx, v, true)
	return err
}

// TryPut is Put that never waits: false means that the queue is full.
func (q *Queue[T]) TryPut(ctx context.Context, v T) (bool, error) { return q.c.put(ctx, v, false) }

// Take takes the first value, at once and for this task alone; it is gone for
// good when the task succeeds, and else back in front of those behind it (the
// queue may then hold more than its capacity). It blocks while there is no
// value, until ctx ends, with its cause as the error, or [ErrDeadlock].
//
// A task does not get what itself has put: that is there when the task has
// succeeded. A queue that is closed gives what it has; then Take is
// [ErrQueueClosed], once no running task can put anything more or have a value
// come back, but those that wait here themselves.
func (q *Queue[T]) Take(ctx context.Context) (T, error) {
	v, _, err := q.c.take(ctx, true)
	return v, err
}

// TryTake is Take that never waits: false means that there is no value now.
func (q *Queue[T]) TryTake(ctx context.Context) (T, bool, error) { return q.c.take(ctx, false) }

// Len returns how many values are there to be taken now.
func (q *Queue[T]) Len(ctx context.Context) (int, error) {
	c := q.c
	a, err := c.enter(ctx)
	if err != nil {
		return 0, err
	}
	if task.InWorker.Load() {
		return c.askLen(a)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.state.items), nil
}

// Close says that nothing more will be put, when the task succeeds, or now if ctx
// is none of a task's. Places that running tasks have reserved by then are theirs
// to fill. To close twice is fine.
func (q *Queue[T]) Close(ctx context.Context) error {
	c := q.c
	a, err := c.enter(ctx)
	if err != nil {
		return err
	}
	if a == nil {
		return c.named(c.commit(&queuePart[T]{c: c, closing: true}))
	}
	return c.named(c.inPart(a, func(p *queuePart[T]) { p.closing = true }))
}

func (c *queueCore[T]) put(ctx context.Context, v T, patient bool) (bool, error) {
	a, err := c.enter(ctx)
	if err != nil {
		return false, err
	}
	if v, err = c.values.out(v); err != nil {
		return false, c.fail(a, err)
	}
	if a != nil && c.closedBy(a) {
		return false, c.named(ErrQueueClosed)
	}
	if a == nil {
		c.fed.Store(true)
	}
	w := newWaiter(&c.thing, claimantOf(a), toPut, patient)
	if ok, err := c.get(ctx, a, w); !ok {
		return false, c.named(err)
	}
	if a == nil {
		return true, c.named(c.commit(&queuePart[T]{c: c, puts: []T{v}}))
	}
	err = c.inPart(a, func(p *queuePart[T]) { p.puts = append(p.puts, v) })
	if err != nil {
		c.giveBack(a, nil, 1)
	}
	return err == nil, c.named(err)
}

// fail refuses a bad value, and the task with it, as any bad write does.
func (c *queueCore[T]) fail(a *task.Attempt, err error) error {
	if a != nil {
		_ = a.With(writeset.New, func(tx task.Tx) error { writeset.Of(tx).Fail(err); return nil })
	}
	return err
}

func (c *queueCore[T]) take(ctx context.Context, patient bool) (v T, ok bool, err error) {
	a, err := c.enter(ctx)
	if err != nil {
		return v, false, err
	}
	if a == nil {
		c.emptied.Store(true)
	}
	w := newWaiter(&c.thing, claimantOf(a), toTake, patient)
	if ok, err = c.get(ctx, a, w); !ok {
		return v, false, c.named(err)
	}
	if v, err = c.values.out(w.value.(T)); err != nil { // it was copied before, on its way in
		c.giveBack(a, []uint64{w.seq}, 0)
		return v, false, err
	}
	if a == nil {
		return v, true, c.named(c.commit(&queuePart[T]{c: c, takes: []uint64{w.seq}}))
	}
	err = c.inPart(a, func(p *queuePart[T]) { p.takes = append(p.takes, w.seq) })
	if err != nil { // the task ended meanwhile
		c.giveBack(a, []uint64{w.seq}, 0)
	}
	return v, err == nil, c.named(err)
}

// get has w decided, here or at the owner.
func (c *queueCore[T]) get(ctx context.Context, a *task.Attempt, w *waiter) (bool, error) {
	if task.InWorker.Load() {
		return c.askFor(ctx, a, w, func(r *writeset.Reader) error { return c.readGiven(r, w) })
	}
	err := c.obtain(ctx, a, w, func() bool { return c.open(w) })
	return err == nil && w.over.Load(), err
}

// open reports whether code outside tasks may do what w waits for.
func (c *queueCore[T]) open(w *waiter) bool {
	if w.what == toPut {
		return c.outside.Load() || c.emptied.Load()
	}
	return c.outside.Load() || c.fed.Load()
}
