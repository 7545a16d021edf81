package dict

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var (
	errLeaseNoTask = errors.New("Acquire needs the context of a task, which the lease ends with: use Lock outside tasks")
	errLeaseInTask = errors.New("Lock is for code outside tasks: use Acquire, the lease then ends with the task")
	errNotHeld     = errors.New("this task does not have the lease")
)

// Lease is a lock that belongs to a task and ends with it, however it ends: when
// it succeeds, once all of its writes are there to be read; when it fails,
// panics, times out, is killed or is tried again, at once. There is nothing to
// release, and nothing that stays locked for ever.
//
// Who needs the lease waits in order of arrival. Each acquisition has a number,
// larger than all before it (fencing): a store outside the program that refuses
// smaller numbers is safe from a holder that was left behind. Numbers begin at 1
// in each run of the program.
//
// A Lease is a handle, as a [Dict] is, and its methods may be called concurrently.
type Lease struct {
	c *leaseCore
}

type leaseCore struct {
	thing
	foreign atomic.Bool // code outside tasks has it

	// guarded by the lock
	fence   uint64
	holder  *leaseHold
	failed  bool // the last holder came to nothing
	waiters waiters
}

// leaseHold is one acquisition.
type leaseHold struct {
	c         *leaseCore
	by, fence uint64
	abandoned bool
	shares    int // of the tasks in one claimant's loops
}

// NewLease returns the lease of that name. Names and panics are as for [New].
func NewLease(name string, opts ...WaitOption) *Lease {
	pkg, site := callerOf(thisPackage + ".NewLease")
	full := fullName(pkg, name, site)
	c := newLease(&thing{id: writeset.Named(full), name: full, site: site}, opts)
	writeset.Keep(c)
	return &Lease{c}
}

// MakeLease returns a lease without a name, to be passed to bodies inside their
// items, or with parfor.With. It lives as [Make] says, but can't be made with a
// task's context.
func MakeLease(ctx context.Context, opts ...WaitOption) (*Lease, error) {
	t, err := unnamed(ctx, "Lease")
	if err != nil {
		return nil, err
	}
	return &Lease{newLease(t, opts)}, nil
}

func newLease(t *thing, opts []WaitOption) *leaseCore {
	c := &leaseCore{}
	c.id, c.name, c.site, c.life = t.id, t.name, t.site, t.life
	c.self = c
	c.outside.Store(waitOptionsOf(opts).outside)
	return c
}

// Name returns the full name, or "anonymous dictionary n".
func (l *Lease) Name() string { return l.c.name }

// Acquire makes the lease this task's and returns its number. It blocks while
// another task has it, until ctx ends, with its cause as the error, or
// [ErrDeadlock]. To acquire what the task has returns the same number. What a
// task reads after Acquire is at least what all holders before it have written.
//
// The tasks of a loop inside a task share what that task has: between them the
// lease is no lock.
func (l *Lease) Acquire(ctx context.Context) (fence uint64, err error) {
	fence, _, err = l.c.acquire(ctx, true)
	return fence, err
}

// TryAcquire is Acquire that never waits: false means that another task has it.
func (l *Lease) TryAcquire(ctx context.Context) (fence uint64, ok bool, err error) {
	return l.c.acquire(ctx, false)
}

// Abandoned reports to a task that has the lease whether the holder before it
// came to nothing: then what that one did outside of dictionaries may be half
// done.
func (l *Lease) Abandoned(ctx context.Context) (bool, error) {
	a, err := l.c.enter(ctx)
	if err != nil {
		return false, err
	}
	p := l.c.heldIn(a)
	if p == nil {
		return false, l.c.named(errNotHeld)
	}
	return p.abandoned, nil
}

// Lock acquires the lease for code outside tasks, in the program that owns it,
// until unlock is called; a second call of unlock does nothing. It blocks while
// somebody has the lease, until ctx ends, with its cause as the error.
func (l *Lease) Lock(ctx context.Context) (fence uint64, unlock func(), err error) {
	c := l.c
	a, err := c.enter(ctx)
	if err == nil && a != nil {
		err = c.named(errLeaseInTask)
	}
	if err != nil {
		return 0, nil, err
	}
	w := newWaiter(&c.thing, 0, 0, true)
	if err := c.obtain(ctx, nil, w, c.outside.Load); err != nil {
		return 0, nil, c.named(err)
	}
	return w.seq, sync.OnceFunc(func() { c.giveBack(nil, w.seq) }), nil
}

func (c *leaseCore) acquire(ctx context.Context, patient bool) (fence uint64, ok bool, err error) {
	a, err := c.enter(ctx)
	if err != nil {
		return 0, false, err
	}
	if a == nil {
		return 0, false, c.named(errLeaseNoTask)
	}
	if p := c.heldIn(a); p != nil {
		return p.fence, true, nil
	}
	w := newWaiter(&c.thing, a.Claimant(), 0, patient)
	if ok, err = c.get(ctx, a, w); !ok {
		return 0, false, c.named(err)
	}
	err = a.With(writeset.New, func(tx task.Tx) error {
		writeset.Of(tx).Add(&leasePart{c: c, fence: w.seq, abandoned: w.flag})
		return nil
	})
	if err != nil { // the task ended meanwhile
		c.giveBack(a, w.seq)
		return 0, false, c.named(err)
	}
	return w.seq, true, nil
}

func (c *leaseCore) get(ctx context.Context, a *task.Attempt, w *waiter) (bool, error) {
	if task.InWorker.Load() {
		return c.askFor(ctx, a, w, func(r *writeset.Reader) error {
			w.seq, w.flag = r.Uint64(), r.Byte() == 1
			return r.Err()
		})
	}
	err := c.obtain(ctx, a, w, func() bool { return c.open(w) })
	return err == nil && w.over.Load(), err
}

// open reports whether code outside tasks may end the wait.
func (c *leaseCore) open(*waiter) bool { return c.outside.Load() || c.foreign.Load() }

// heldIn returns the part of the attempt, or of one around it, that has the
// lease.
func (c *leaseCore) heldIn(a *task.Attempt) (p *leasePart) {
	for ; a != nil && p == nil; a = a.Parent {
		_ = a.With(nil, func(tx task.Tx) error {
			p, _ = partOf[*leasePart](writeset.Of(tx), c.id)
			return nil
		})
	}
	return p
}

// serve is of [served].
func (c *leaseCore) serve(w *waiter) bool {
	switch h := c.holder; {
	case h != nil && w.by != 0 && h.by == w.by:
		h.shares++
		w.seq, w.flag = h.fence, h.abandoned
		w.decide(nil)
	case h == nil && c.waiters.first() == nil:
		c.grant(w)
	case w.patient:
		c.waiters.push(w)
		return false
	}
	return w.over.Load()
}

// grant gives the lease to w, unless its worker has died.
func (c *leaseCore) grant(w *waiter) {
	h := &leaseHold{c: c, by: w.by, fence: c.fence + 1, abandoned: c.failed, shares: 1}
	if ofWorker(w.by) && !writeset.Hold(w.by, h) {
		w.decide(ErrTaskDone)
		return
	}
	c.fence++
	c.holder = h
	c.foreign.Store(w.by == 0)
	w.seq, w.flag = h.fence, h.abandoned
	w.decide(nil)
}

// release ends the holder's acquisition and serves who waits; the lock is held.
func (c *leaseCore) release(failed bool) {
	h := c.holder
	c.holder, c.failed = nil, failed
	c.foreign.Store(false)
	if ofWorker(h.by) {
		writeset.Settled(h.by, h)
	}
	c.advance()
}

func (c *leaseCore) advance() {
	for c.holder == nil && c.waiters.first() != nil {
		w := c.waiters.first()
		c.waiters.remove(w)
		c.grant(w)
	}
}

// Free ends the lease of a worker's task that came to nothing.
func (h *leaseHold) Free() {
	h.c.mu.Lock()
	defer h.c.mu.Unlock()
	if h.c.holder == h {
		h.c.release(true)
	}
}

func (c *leaseCore) leave(w *waiter) { c.waiters.remove(w) }

func (c *leaseCore) undo(w *waiter) { c.giveUp(w.by, w.seq) }

func (c *leaseCore) answer(dst []byte, w *waiter) ([]byte, error) {
	flag := byte(0)
	if w.flag {
		flag = 1
	}
	return append(le.AppendUint64(dst, w.seq), flag), nil
}

// Swap puts a free lease in place until restore is called.
func (c *leaseCore) Swap() (restore func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fence, failed := c.fence, c.failed
	c.fence, c.failed, c.holder = 0, false, nil
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiters.end(errOver)
		c.fence, c.failed, c.holder = fence, failed, nil
	}
}

// AppendBinary appends the encoding of the handle; see [Dict.AppendBinary].
func (l *Lease) AppendBinary(dst []byte) ([]byte, error) {
	return appendThing(dst, &l.c.thing, l.c), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (l *Lease) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary makes l a handle of the lease that b names.
func (l *Lease) UnmarshalBinary(b []byte) (err error) {
	l.c, err = findThing(b, func(t *thing) (*leaseCore, error) { return newLease(t, nil), nil })
	return err
}
