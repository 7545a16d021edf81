package dict

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// thing is what the objects share that tasks wait for: a name, one lock, and
// those of worker processes who wait.
type thing struct {
	id         uint64
	name, site string
	life       context.Context // of an anonymous one
	travel     sync.Once
	outside    atomic.Bool // made with FromOutside

	mu    sync.Mutex
	self  served
	asked map[ticket]*waiter
}

// served is the object itself. Its methods are called with the lock held.
type served interface {
	// serve decides w, or queues it if it is patient. It reports whether w is
	// decided.
	serve(w *waiter) bool
	// leave takes an undecided waiter out of the queue.
	leave(w *waiter)
	// undo takes back what a decided waiter was given and nobody fetched.
	undo(w *waiter)
	// answer appends what a waiter was given.
	answer(dst []byte, w *waiter) ([]byte, error)
}

// waiter is somebody who wants something of a thing.
type waiter struct {
	in      *thing
	by      uint64 // claimant; 0 outside tasks
	key     ticket // of a worker's task
	what    byte
	width   int // of its loop, for barriers
	patient bool
	done    chan struct{} // closed once it is decided; nil if it isn't patient
	over    atomic.Bool   // decided, or gone
	err     error

	// what it was given
	seq   uint64 // of a value, a fence, a place among the parties
	value any
	flag  bool
}

// ticket is a worker's wait, which is asked for again and again.
type ticket struct{ by, n uint64 }

func newWaiter(t *thing, by uint64, what byte, patient bool) *waiter {
	w := &waiter{in: t, by: by, what: what, patient: patient}
	if patient {
		w.done = make(chan struct{})
	}
	return w
}

// decide ends a wait; the lock is held.
func (w *waiter) decide(err error) {
	w.err = err
	w.over.Store(true)
	if w.done != nil {
		close(w.done)
	}
}

// ofWorker reports whether a claimant is a task in a worker process.
func ofWorker(by uint64) bool { return by != 0 && by>>63 == 0 }

func (t *thing) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("dict: %s: %w", t.name, err)
}

// enter says which attempt a call belongs to, nil for none, or why it can't be
// made.
func (t *thing) enter(ctx context.Context) (*task.Attempt, error) {
	a, err := outside(ctx)
	if err == nil && a != nil { // it may have ended
		err = a.With(nil, func(task.Tx) error { return nil })
	}
	return a, t.named(err)
}

func claimantOf(a *task.Attempt) uint64 {
	if a == nil {
		return 0
	}
	return a.Claimant()
}

// obtain has w decided, at once or after a wait; one that isn't patient may stay
// undecided. Open says whether code outside tasks may wake it.
func (t *thing) obtain(ctx context.Context, a *task.Attempt, w *waiter, open func() bool) error {
	if w.patient && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t.mu.Lock()
	decided := t.self.serve(w)
	t.mu.Unlock()
	if decided || !w.patient {
		return w.err
	}
	s := &sleeper{awake: w.over.Load, open: open}
	err := s.sleep(ctx, a, w.done, nil)
	if err == nil {
		return w.err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.over.Load() { // in the same moment
		return w.err
	}
	t.self.leave(w)
	w.over.Store(true)
	return err
}

// Free ends the wait of a worker's task that has ended.
func (w *waiter) Free() {
	t := w.in
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked[w.key] == w {
		delete(t.asked, w.key)
		t.drop(w)
	}
}

// drop ends a wait whatever has become of it; the lock is held.
func (t *thing) drop(w *waiter) {
	if w.over.Load() {
		if w.err == nil {
			t.self.undo(w)
		}
		return
	}
	t.self.leave(w)
	w.decide(ErrTaskDone)
}

// waiters is a queue of them.
type waiters struct{ all []*waiter }

func (q *waiters) push(w *waiter) { q.all = append(q.all, w) }

func (q *waiters) first() *waiter {
	if len(q.all) == 0 {
		return nil
	}
	return q.all[0]
}

func (q *waiters) remove(w *waiter) {
	for i, o := range q.all {
		if o == w && i == 0 {
			q.all = q.all[1:]
			return
		} else if o == w {
			q.all = append(q.all[:i:i], q.all[i+1:]...)
			return
		}
	}
}

var errOver = errors.New("the test that it was used in is over")

// end decides all of them.
func (q *waiters) end(err error) {
	for _, w := range q.all {
		w.decide(err)
	}
	q.all = nil
}

// blindPart has what a part does that observes nothing and makes nothing visible
// to other tasks of its worker.
type blindPart struct{}

// Scope is no attempt: what waits is not made inside of tasks.
func (blindPart) Scope() *task.Attempt { return nil }

// Changes is yes: even where nothing is to be written, holding ends.
func (blindPart) Changes() bool { return true }

// Observes is no.
func (blindPart) Observes() bool { return false }

// Observed is nothing.
func (blindPart) Observed(dst []task.Key) []task.Key { return dst }

// AppendObserved is nothing.
func (blindPart) AppendObserved(dst []byte) []byte { return dst }

// Holds is yes.
func (blindPart) Holds(task.Ticket) bool { return true }

// Barred is for what observes.
func (blindPart) Barred() {}

// Undecide does nothing: these are not read from shared memory.
func (blindPart) Undecide(int, uint64) {}

// Release does nothing.
func (blindPart) Release() {}

// partOf returns the part of a store in a set, nil if there is none.
func partOf[P writeset.Part](s *writeset.Set, id uint64) (p P, ok bool) {
	for _, q := range s.Parts() {
		if p, ok := q.(P); ok && q.Store().ID() == id {
			return p, true
		}
	}
	return p, false
}
