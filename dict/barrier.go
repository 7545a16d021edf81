package dict

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Errors of barriers; compare with errors.Is.
var (
	// ErrBrokenBarrier means that a party gave up, failed or died while it
	// waited, or that Reset was called.
	ErrBrokenBarrier = errors.New("the barrier is broken: a party came to nothing while it waited; Reset mends it")
	// ErrTooWide means that the parties can't wait at one time.
	ErrTooWide = errors.New("the barrier has more parties than tasks run at once")

	errBarrierNoTask = errors.New("Wait needs the context of a task: the parties of a barrier are tasks")
)

// Barrier lets tasks wait for each other: when as many wait as it has parties,
// all of them go on, and it begins anew. Like [Live], and unlike the rest of the
// package, it takes effect at once: what parties write to dictionaries is there
// for others when they succeed, not when they pass.
//
// A party that fails, times out, is killed or gives up while it waits breaks the
// barrier: the others, and who comes later, get [ErrBrokenBarrier] until Reset.
//
// A Barrier is a handle, as a [Dict] is, and its methods may be called
// concurrently.
type Barrier struct {
	c *barrierCore
}

type barrierCore struct {
	thing
	parties int
	reset   atomic.Bool // code outside tasks called Reset

	// guarded by the lock
	broken  bool
	waiters waiters
}

// NewBarrier returns the barrier of that name for so many parties. Names and
// panics are as for [New].
func NewBarrier(name string, parties int, opts ...WaitOption) *Barrier {
	pkg, site := callerOf(thisPackage + ".NewBarrier")
	full := fullName(pkg, name, site)
	c, err := newBarrier(&thing{id: writeset.Named(full), name: full, site: site}, parties, opts)
	if err != nil {
		panic(fmt.Sprintf("dict: %s at %s: %v", full, site, err))
	}
	writeset.Keep(c)
	return &Barrier{c}
}

// MakeBarrier returns a barrier without a name, to be passed to bodies inside
// their items, or with parfor.With. It lives as [Make] says, but can't be made
// with a task's context.
func MakeBarrier(ctx context.Context, parties int, opts ...WaitOption) (*Barrier, error) {
	t, err := unnamed(ctx, "Barrier")
	if err != nil {
		return nil, err
	}
	c, err := newBarrier(t, parties, opts)
	if err != nil {
		return nil, fmt.Errorf("dict: MakeBarrier: %w", err)
	}
	return &Barrier{c}, nil
}

func newBarrier(t *thing, parties int, opts []WaitOption) (*barrierCore, error) {
	if parties < 1 {
		return nil, fmt.Errorf("a barrier of %d parties: must be at least 1", parties)
	}
	c := &barrierCore{parties: parties}
	c.id, c.name, c.site, c.life = t.id, t.name, t.site, t.life
	c.self = c
	c.outside.Store(waitOptionsOf(opts).outside)
	return c, nil
}

// Name returns the full name, or "anonymous dictionary n".
func (b *Barrier) Name() string { return b.c.name }

// Wait blocks until as many tasks wait as the barrier has parties, and returns
// which of them this one was: each has another number, from 0 for the first. It
// ends before with [ErrBrokenBarrier], with [ErrDeadlock], or when ctx ends,
// with its cause; the last two break the barrier.
//
// A task that waits occupies a place of its loop, so a barrier with more parties
// than the loop runs tasks at once is refused, with [ErrTooWide]: the slots of
// its executor (of a pool, workers times ItemsPerWorker), or Workers if that is
// less; in a loop inside a task, as often as the task's own loop runs at once.
func (b *Barrier) Wait(ctx context.Context) (int, error) {
	c := b.c
	a, err := c.enter(ctx)
	if err != nil {
		return 0, err
	}
	if a == nil {
		return 0, c.named(errBarrierNoTask)
	}
	w := newWaiter(&c.thing, a.Claimant(), 0, true)
	w.width = a.Width()
	if task.InWorker.Load() {
		_, err = c.askFor(ctx, a, w, func(r *writeset.Reader) error { w.seq = r.Uvarint(); return r.Err() })
	} else {
		err = c.obtain(ctx, a, w, func() bool { return c.open(w) })
	}
	return int(w.seq), c.named(err)
}

// Reset breaks the barrier for those who wait now, and mends it for those to
// come. It takes effect at once.
func (b *Barrier) Reset(ctx context.Context) error {
	c := b.c
	a, err := c.enter(ctx)
	if err != nil {
		return err
	}
	if task.InWorker.Load() {
		_, err = c.ask(a, askReset, func(q []byte) []byte { return q })
		return c.named(err)
	}
	if a == nil {
		c.reset.Store(true)
	}
	c.mend()
	return nil
}

func (c *barrierCore) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters.end(ErrBrokenBarrier)
	c.broken = false
}

func (c *barrierCore) open(*waiter) bool { return c.outside.Load() || c.reset.Load() }

// serve is of [served].
func (c *barrierCore) serve(w *waiter) bool {
	switch {
	case w.width > 0 && w.width < c.parties:
		w.decide(fmt.Errorf("%w: it has %d parties, and only %d tasks run at once here: run the loop on a larger executor, or with more Workers", ErrTooWide, c.parties, w.width))
	case c.broken:
		w.decide(ErrBrokenBarrier)
	case !w.patient:
		return false
	default:
		w.seq = uint64(len(c.waiters.all))
		c.waiters.push(w)
		if len(c.waiters.all) == c.parties {
			c.waiters.end(nil)
		}
	}
	return w.over.Load()
}

// leave breaks the barrier.
func (c *barrierCore) leave(w *waiter) {
	c.waiters.remove(w)
	c.broken = true
	c.waiters.end(ErrBrokenBarrier)
}

func (c *barrierCore) undo(*waiter) {}

func (c *barrierCore) answer(dst []byte, w *waiter) ([]byte, error) {
	return binary.AppendUvarint(dst, w.seq), nil
}

// askReset is a question with no more to it.
const askReset = askOwn

// Serve answers a worker.
func (c *barrierCore) Serve(r *writeset.Reader, dst []byte) ([]byte, error) {
	switch q := r.Byte(); q {
	case askWait:
		return c.serveWait(r, dst, c.open)
	case askLeave:
		return c.serveLeave(r, dst)
	case askReset:
		c.mend()
		return dst, nil
	default:
		return nil, unknownQuestion(q)
	}
}

var errBarrierSet = errors.New("a barrier is no part of a commit")

// Decode refuses: a barrier is no part of a commit.
func (c *barrierCore) Decode(*writeset.Reader) (writeset.Part, error) { return nil, errBarrierSet }

// Swap puts a whole barrier in place until restore is called.
func (c *barrierCore) Swap() (restore func()) {
	swap := func(broken bool) (was bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiters.end(errOver)
		was, c.broken = c.broken, broken
		return was
	}
	broken, reset := swap(false), c.reset.Swap(false)
	return func() {
		swap(broken)
		c.reset.Store(reset)
	}
}

// AppendBinary appends the encoding of the handle; see [Dict.AppendBinary].
func (b *Barrier) AppendBinary(dst []byte) ([]byte, error) {
	return appendThing(dst, &b.c.thing, b.c), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (b *Barrier) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary makes b a handle of the barrier that the bytes name.
func (b *Barrier) UnmarshalBinary(bytes []byte) (err error) {
	b.c, err = findThing(bytes, func(t *thing) (*barrierCore, error) { return newBarrier(t, 1, nil) })
	return err
}
