package parfor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"parfor.dev/parfor/internal/task"
)

// Policy says what [Wait] waits for.
type Policy int

// Policies of [Wait]. A cancelled future counts as done, and is no failure.
const (
	FirstCompleted Policy = iota // one future is done
	FirstError                   // one has failed, or all are done
	AllCompleted                 // all are done
)

// Wait blocks until the policy is satisfied, at once if it already is, and
// returns the futures that are done and those that are not, each in the order
// given. A future given twice counts once; futures may be of different types
// and executors.
//
// The end of ctx ends the wait, never the tasks. A deadline is an answer and no
// error: Wait returns what is done by then. A cancelled ctx returns the same
// and its error. Wait doesn't read the errors of futures: see [Future]. Inside
// a body pass the context the body was given, so that it lends its slot; a body
// that waits for all of several futures, itself among them, gets
// [ErrWouldDeadlock].
func Wait(ctx context.Context, policy Policy, fs ...Awaitable) (done, pending []Awaitable, err error) {
	if policy < FirstCompleted || policy > AllCompleted {
		return nil, fs, fmt.Errorf("%w: Wait: there is no policy %d", ErrOption, policy)
	}
	fs, err = distinct(fs)
	if err != nil {
		return nil, fs, err
	}
	if policy == AllCompleted {
		if err := selfish(task.From(ctx), fs); err != nil {
			done, pending = partition(fs)
			return done, pending, err
		}
	}
	w := watch(fs)
	defer leave(fs, w)
	for left := len(fs); left > 0; left-- {
		var c *completion
		if c, err = w.next(ctx); err != nil {
			break
		}
		if policy == FirstCompleted || policy == FirstError && c.failed() {
			break
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = nil
	}
	done, pending = partition(fs)
	return done, pending, err
}

// failed reports whether the task ended with an error, without reading it.
func (c *completion) failed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == Finished && c.err != nil
}

// distinct drops repetitions.
func distinct[F Awaitable](fs []F) ([]F, error) {
	seen := make(map[*completion]struct{}, len(fs))
	each := make([]F, 0, len(fs))
	for i, f := range fs {
		if any(f) == nil {
			return fs, fmt.Errorf("%w: future %d of %d is nil", ErrOption, i, len(fs))
		}
		c := f.core()
		if _, again := seen[c]; !again {
			seen[c] = struct{}{}
			each = append(each, f)
		}
	}
	return each, nil
}

// selfish refuses a body that waits for itself.
func selfish[F Awaitable](self *task.Attempt, fs []F) error {
	for _, f := range fs {
		if c := f.core(); c.within(self) {
			return fmt.Errorf("%w: item %d waits for itself", ErrWouldDeadlock, c.index)
		}
	}
	return nil
}

func partition(fs []Awaitable) (done, pending []Awaitable) {
	for _, f := range fs {
		if f.core().ended() {
			done = append(done, f)
		} else {
			pending = append(pending, f)
		}
	}
	return done, pending
}

// watcher collects futures as they are done.
type watcher struct {
	mu      sync.Mutex
	arrived []*completion
	bell    chan struct{} // holds one ring
}

// watch has the futures report: those that are done at once, in the order
// given, the others when they are.
func watch[F Awaitable](fs []F) *watcher {
	w := &watcher{bell: make(chan struct{}, 1)}
	later := make([]*completion, 0, len(fs))
	for _, f := range fs {
		if c := f.core(); c.ended() {
			w.arrive(c)
		} else {
			later = append(later, c)
		}
	}
	for _, c := range later {
		c.mu.Lock()
		if c.ended() {
			w.arrive(c)
		} else {
			c.watchers = append(c.watchers, w)
		}
		c.mu.Unlock()
	}
	return w
}

// arrive is called under the future's lock.
func (w *watcher) arrive(c *completion) {
	w.mu.Lock()
	w.arrived = append(w.arrived, c)
	w.mu.Unlock()
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

func (w *watcher) take() *completion {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.arrived) == 0 {
		return nil
	}
	c := w.arrived[0]
	w.arrived = w.arrived[1:]
	return c
}

// next waits for the next future to be done, and prefers one to the end of ctx.
// A waiting body lends its slot.
func (w *watcher) next(ctx context.Context) (*completion, error) {
	if c := w.take(); c != nil {
		return c, nil
	}
	if ctx.Err() == nil {
		defer lend(task.From(ctx))()
	}
	for {
		select {
		case <-w.bell:
		case <-ctx.Done():
			if c := w.take(); c != nil {
				return c, nil
			}
			return nil, whyEnded(ctx)
		}
		if c := w.take(); c != nil {
			return c, nil
		}
	}
}

// leave makes the futures that are not done forget the watcher.
func leave[F Awaitable](fs []F, w *watcher) {
	for _, f := range fs {
		c := f.core()
		c.mu.Lock()
		if i := slices.Index(c.watchers, w); i >= 0 {
			c.watchers = slices.Delete(c.watchers, i, i+1)
		}
		c.mu.Unlock()
	}
}
