package parfor

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

// Future is the outcome of one submitted task, now or later. [Submit] makes
// futures; all methods are safe for concurrent use.
//
// An error is read when Result or Err returned it. The errors nobody read are
// reported by the Close of the executor, and logged when the future is
// garbage-collected, so that none vanishes.
type Future[In, Out any] struct {
	completion
	ref int32 // at the lane, on executors in other processes
	in  In
	out Out

	callbacks []func(*Future[In, Out]) // guarded by completion.mu
	calling   bool                     // a goroutine runs them
}

func (f *Future[In, Out]) core() *completion { return &f.completion }

// Index is the number of the submission at its executor, from 0; -1 if the
// executor never accepted it.
func (f *Future[In, Out]) Index() int { return f.index }

// In is the task's input.
func (f *Future[In, Out]) In() In { return f.in }

// Done is closed once the future is finished or cancelled. The task's writes to
// dictionaries are visible by then.
func (f *Future[In, Out]) Done() <-chan struct{} { return f.done }

// State reports where the task stands. Cancelled and Finished are final.
func (f *Future[In, Out]) State() State {
	f.mu.Lock()
	state, remote := f.state, f.remote
	f.mu.Unlock()
	if state == Pending && remote != nil && remote.running(&f.completion, f.ref) {
		return Running
	}
	return state
}

// Cancel keeps a pending task from running, and reports whether the future is
// cancelled: true again if it already was, false for a task that runs or has
// finished, which it leaves alone. To stop a running body, cancel the context
// given to [Submit].
func (f *Future[In, Out]) Cancel() bool { return f.cancel(ErrCanceled) }

// cancel ends a pending future with an error of its own that wraps why.
func (f *Future[In, Out]) cancel(why error) bool {
	f.mu.Lock()
	state, remote := f.state, f.remote
	f.mu.Unlock()
	if state == Pending && remote != nil && !remote.revoke(&f.completion, f.ref) {
		// Its body has begun, or its executor is about to say how it ended.
		return false
	}
	if f.end(Pending, Cancelled, &TaskError{Index: f.index, Err: why}, nil) {
		return true
	}
	return f.State() == Cancelled
}

// finish ends the future of a body that has begun.
func (f *Future[In, Out]) finish(out Out, err error) {
	if err == nil {
		f.out = out
	}
	f.end(Running, Finished, err, f.watchLoss)
}

// watchLoss arranges for a failure to be logged when the future is collected
// before anybody read it.
func (f *Future[In, Out]) watchLoss(failure *engine.Failure) {
	runtime.AddCleanup(f, (*engine.Failure).Lost, failure)
}

// Result waits until the task has ended and returns what its body returned: a
// failure as a *[TaskError], a cancelled future's error Is [ErrCanceled]. It may
// be called often and from many goroutines; a future that is done answers at
// once, whatever ctx says.
//
// The end of ctx ends the wait and nothing else: the task goes on, and the
// error, no *TaskError, wraps that of ctx. Inside a body pass the context that
// the body was given: the body then lends its slot to others while it waits. A
// body that so waits for itself gets [ErrWouldDeadlock].
func (f *Future[In, Out]) Result(ctx context.Context) (Out, error) {
	if !f.ended() {
		if err := f.await(ctx); err != nil {
			var zero Out
			return zero, err
		}
	}
	return f.out, f.read()
}

// await blocks until the future or ctx is done.
func (f *Future[In, Out]) await(ctx context.Context) error {
	self := task.From(ctx)
	if f.within(self) {
		return fmt.Errorf("%w: item %d waits for itself", ErrWouldDeadlock, f.index)
	}
	if p, ok := f.home.(*permit); ok {
		if err := wouldDeadlock(p.from, self); err != nil {
			return err
		}
	}
	if ctx.Err() == nil {
		if f.assist(); f.ended() {
			return nil
		}
		defer lend(self)()
		select {
		case <-f.done:
			return nil
		case <-ctx.Done():
		}
	}
	if f.ended() {
		return nil
	}
	return fmt.Errorf("parfor: waited for item %d, which is %v: %w", f.index, f.State(), whyEnded(ctx))
}

// assist does for a moment what those would do who run the task.
func (f *Future[In, Out]) assist() {
	f.mu.Lock()
	remote := f.remote
	f.mu.Unlock()
	if remote != nil {
		remote.assist()
	}
}

// within reports whether an attempt is one of this task, or of a task that this
// one waits for: then it can't wait for this one.
func (c *completion) within(a *task.Attempt) bool {
	if c.home == nil {
		return false
	}
	for ; a != nil; a = a.Parent {
		if a.Slot == c.home {
			return true
		}
	}
	return false
}

// Err returns the task's error once it has ended, and nil before that and when
// it succeeded. It never blocks.
func (f *Future[In, Out]) Err() error {
	if !f.ended() {
		return nil
	}
	return f.read()
}

// OnDone has callback called with the future once it is done, at once if it
// already is. Callbacks of a future run one after another in the order they
// were added, on a goroutine of their own and outside any lock; one that
// panics is logged and the next still runs. Close of the executor waits for
// them, so a callback must not close it.
func (f *Future[In, Out]) OnDone(callback func(*Future[In, Out])) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.callbacks = append(f.callbacks, callback)
	switch {
	case f.state == Pending || f.state == Running:
		f.calling = true
		f.notify = f.callBack
	case !f.calling:
		f.calling = true
		f.ledger.Hold()
		go f.callBack()
	}
}

// callBack runs callbacks until there are none left.
func (f *Future[In, Out]) callBack() {
	for {
		f.mu.Lock()
		if len(f.callbacks) == 0 {
			f.calling = false
			f.mu.Unlock()
			f.ledger.Settle()
			return
		}
		next := f.callbacks[0]
		f.callbacks = f.callbacks[1:]
		f.mu.Unlock()
		f.guard(next)
	}
}

// guard runs one callback and survives it.
func (f *Future[In, Out]) guard(callback func(*Future[In, Out])) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			slog.Error("parfor: a callback of a future panicked", "item", f.index, "panic", v, "stack", string(debug.Stack()))
			return
		}
		go f.callBack() // the callback ended its goroutine with runtime.Goexit
	}()
	callback(f)
	returned = true
}

// whyEnded is the error of a context that is done, with its cause if that says
// more.
func whyEnded(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == err {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
