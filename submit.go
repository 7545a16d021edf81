package parfor

import (
	"context"
	"errors"
	"fmt"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/task"
)

// Submit has one task run at an executor and returns its future, never nil. A
// submission that can't run (a bad option, a body that is not registered, a
// closed executor) is a future that has already failed with that error.
//
// Tasks start in the order they were submitted. Submit blocks only while 1024
// submissions of the executor wait to be started; the end of ctx ends that
// wait. Inside a body it doesn't wait for room at the body's own executor: the
// task then runs at once on the body's slot and Submit returns when it has
// ended.
//
// Ctx is the parent of the body's context. When it ends, a pending task is
// cancelled and a running one is told. Tasks submitted under a body's context
// are part of that body's task: it ends after them, and what they write to
// dictionaries commits with it.
//
// The options are Timeout, Grace, Attempts, Backoff, AttemptIf, Abandon, CrashOnPanic, Name, Label,
// Observe and With; the others describe a loop and are refused. In is not
// copied: leave it alone until the future is done.
func Submit[In, Out any](ctx context.Context, x Executor, body func(context.Context, In) (Out, error), in In, opts ...Option) *Future[In, Out] {
	f := &Future[In, Out]{in: in}
	f.index, f.ref, f.done = -1, -1, make(chan struct{})
	s := &submission[In, Out]{future: f, ctx: ctx, body: body}
	if err := s.prepare(x, opts); err != nil {
		f.reject(err)
		return f
	}
	if s.engine.Remote != nil {
		s.dispatch()
	} else {
		s.start()
	}
	return f
}

// submission is a task on its way to an executor.
type submission[In, Out any] struct {
	policy
	bare   bool // no options: nothing but body and context tell it from others
	engine engine.Engine
	future *Future[In, Out]
	ctx    context.Context
	body   func(context.Context, In) (Out, error)
	label  func(In) string
	slot   task.Slot
	give   engine.Local // to release the slot to, nil if it is borrowed
}

var (
	// strays are the futures of no executor: nobody closes it, so what they
	// leave unread is only logged.
	strays engine.Ledger

	optionless, _ = configure(nil) // read only

	unwatched = meter.New("", "", 0, 1, nil)
	argless   = &task.Loop{Run: runs.Add(1), Arg: func(string) (any, []byte, bool) { return nil, nil, false }}
)

// prepare checks everything that can be wrong before a place is taken.
func (s *submission[In, Out]) prepare(x Executor, opts []Option) (err error) {
	s.future.ledger = &strays
	if s.engine, err = resolve(&config{executor: x, onGiven: true}); err != nil {
		return fmt.Errorf("%w", err) // every failed future has an error of its own
	}
	if s.engine.Ledger != nil {
		s.future.ledger = s.engine.Ledger
	}
	if s.bare = len(opts) == 0; s.bare {
		s.config = optionless
	} else if s.config, err = configure(opts); err != nil {
		return err
	}
	if err := s.alone(); err != nil {
		return err
	}
	if s.body == nil {
		return fmt.Errorf("%w: the body is nil", ErrOption)
	}
	if err := s.config.runsOn(s.engine); err != nil {
		return err
	}
	if s.config.label != nil {
		f, ok := s.config.label.(func(In) string)
		if !ok {
			return fmt.Errorf("%w: Label takes %T here, not %T", ErrOption, f, s.config.label)
		}
		s.label = f
	}
	return nil
}

// alone refuses options that mean something to loops only.
func (s *submission[In, Out]) alone() error {
	c := s.config
	var bad []error
	refuse := func(given bool, why string) {
		if given {
			bad = append(bad, errors.New(why))
		}
	}
	refuse(c.onGiven, "On: Submit takes its executor as a parameter")
	refuse(c.workers > 0, "Workers: one task runs on one worker")
	refuse(c.inOrder, "InOrder: one result has no order")
	refuse(c.window > 0, "Window: one task needs no window")
	refuse(c.chunk > 0, "Chunk: one task makes no chunk")
	refuse(c.keepGoing, "KeepGoing: one task has no siblings to go on with")
	refuse(c.limit > 0, "LoopTimeout: there is no loop; Timeout limits an attempt, a deadline of ctx all of them")
	refuse(c.dupGiven, "OnDuplicate: one task has no key")
	refuse(len(c.limits) > 0, "Rate, LimitBy and LimitWeight: one task has no siblings to wait for")
	refuse(c.control != nil, "WithControl: a future has Cancel")
	refuse(c.auto, "Auto: one task runs on one worker")
	refuse(c.budget > 0, "AttemptBudget: one task has no siblings to share it with")
	refuse(c.journaled.on() || c.journaled.ignoring, "Journal: one task is no loop to resume")
	if len(bad) > 0 {
		return fmt.Errorf("%w for Submit: %w", ErrOption, errors.Join(bad...))
	}
	return nil
}

// reject ends a future that no executor accepted.
func (f *Future[In, Out]) reject(err error) {
	if errors.Is(err, ErrCanceled) {
		f.end(Pending, Cancelled, err, nil)
		return
	}
	f.end(Pending, Finished, err, f.watchLoss)
}

// admit takes a place at the executor, as a child of the body that submits.
// It reports false when the future has ended instead.
func (s *submission[In, Out]) admit() bool {
	f := s.future
	parent := task.From(s.ctx)
	if parent != nil {
		if !parent.Adopt() {
			f.reject(fmt.Errorf("%w: submit with the context of a running body", ErrTaskDone))
			return false
		}
		f.parent = parent
	}
	var err error
	if f.index, err = s.number(parent); err != nil {
		if errors.Is(err, engine.ErrShut) {
			f.ledger = &strays // a closed book reports nothing
			err = fmt.Errorf("%w: nothing can be submitted to it", ErrClosed)
		} else {
			err = fmt.Errorf("%w while it waited for room at its executor: %w", ErrCanceled, whyEnded(s.ctx))
		}
		f.reject(err)
		return false
	}
	f.admitted = true
	return true
}

// number takes a place in the backlog. In a body a full backlog must not wait
// for that body: it runs the task on its own slot, or lends the slot while it
// waits for another executor.
func (s *submission[In, Out]) number(parent *task.Attempt) (int, error) {
	ledger := s.future.ledger
	if s.engine.Local == nil && s.engine.Remote == nil {
		return ledger.AdmitStarted()
	}
	if s.ctx.Err() != nil {
		return ledger.AdmitStarted() // to be cancelled at once
	}
	n, err := ledger.TryAdmit()
	s.future.waits = err == nil
	if err != engine.ErrFull {
		return n, err
	}
	if parent != nil {
		if own, ok := parent.Slot.(*permit); ok && own.from == s.engine.Local {
			s.slot = own
			return ledger.AdmitStarted()
		}
		defer lend(parent)()
	}
	n, err = ledger.Admit(s.ctx)
	s.future.waits = err == nil
	return n, err
}

// failure makes the error of a task that has ended.
func failure[In, Out any](f *Future[In, Out], label func(In) string, attempt int, err error) error {
	err = mendless(err)
	t := &TaskError{Index: f.index, Attempt: attempt, Err: err}
	if label != nil {
		t.Label = label(f.in)
	}
	return t
}

// canceled is why a pending task of an ended context never runs.
func canceled(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrCanceled, whyEnded(ctx))
}
