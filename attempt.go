package parfor

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/debug"
	"runtime/trace"
	"sync/atomic"
	"time"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// policy is what a loop's options mean for one attempt in this process.
type policy struct {
	*config
	meter  *meter.Loop
	tasks  *task.Loop
	parent *task.Attempt // of the task whose body runs this loop, or nil
	stop   atomic.Bool   // the loop gave up: nothing new starts
	reruns reruns        // tasks on other processes that conflicted
	delays delays        // tasks that wait for a further attempt

	allowance *allowance // of further attempts
	kills     *kills     // nil if nobody may kill one task

	journal *journaling // nil without one
}

// ownContext reports whether every task needs a context of its own. Without
// one, tasks of a worker share the worker's and a loop saves an allocation an
// item.
func (p *policy) ownContext() bool {
	return task.NeedIdentity || p.timeout > 0 || p.attempts > 1 || p.kills != nil || p.journal != nil || p.grows()
}

// runner runs attempts on one goroutine of this process.
type runner[In, Out any] struct {
	*policy
	ctx    context.Context // of the loop
	body   func(context.Context, In) (Out, error)
	worker int
	slot   task.Slot
	shared *task.Ctx // the worker's context, where tasks need none of their own
	traced bool      // somebody takes a trace of this process
	pass   uint64    // of the turn of the task that runs alone on its keys

	note   *task.Note        // of the item, in a journaled loop
	encode *codec.Codec[Out] // of results in a journal; nil if they are nothing

	// goexit is told of a body that called runtime.Goexit, while the goroutine
	// unwinds: try will not return, and the goroutine is lost to the loop.
	goexit func(index, attempt int, err error)
}

// identify makes the attempt that a context carries.
func (r *runner[In, Out]) identify(index, attempt int) task.Attempt {
	return task.Attempt{Index: index, Number: attempt, Worker: r.worker, Slot: r.slot, Loop: r.tasks, Parent: r.parent, Pass: r.pass}
}

// share prepares the context that all tasks of this worker use, if they may.
func (r *runner[In, Out]) share() {
	if !r.ownContext() {
		r.shared = &task.Ctx{Context: r.ctx, Attempt: r.identify(-1, 1)}
	}
}

// try runs one attempt and commits its writes. The commit number is 0 when it
// wrote nothing. It blocks until the body has returned, or was abandoned.
func (r *runner[In, Out]) try(index, attempt int, in In) (out Out, commit uint64, err error) {
	if r.shared != nil {
		r.shared.Index = index
		out, err = r.call(r.shared, index, attempt, in)
		return out, 0, err
	}
	tc := &task.Ctx{Context: r.ctx, Attempt: r.identify(index, attempt)}
	if r.kills != nil {
		ctx, end := r.kills.begin(r.ctx, index)
		defer end()
		tc.Context = ctx
	}
	if r.note != nil {
		n := *r.note
		tc.Note = &n
	}
	if r.timeout > 0 {
		out, err = r.within(tc, index, attempt, in)
	} else {
		out, err = r.call(tc, index, attempt, in)
	}
	if r.kills != nil && context.Cause(tc.Context) == ErrKilled {
		err = ErrKilled
	}
	ok := err == nil
	if ok && tc.Note != nil {
		err = r.describe(tc.Note, attempt, out)
	}
	commit, err = tc.Finish(err)
	if ok && err != nil && !errors.Is(err, task.ErrConflict) && err != errStopped {
		err = &permanent{err}
	}
	if tc.Note != nil {
		err = r.journal.settle(tc.Note, err)
	}
	return out, commit, err
}

// within runs the body under the attempt's timeout. What the body returns
// after its time is up does not count: it is a timeout.
func (r *runner[In, Out]) within(tc *task.Ctx, index, attempt int, in In) (out Out, err error) {
	begin := time.Now()
	late := &TimeoutError{Limit: r.timeout}
	ctx, cancel := context.WithTimeoutCause(tc.Context, r.timeout, late)
	defer cancel()
	tc.Context = ctx
	if r.abandon {
		out, err = r.leave(tc, index, attempt, in, late)
	} else {
		stall := time.AfterFunc(r.timeout+r.grace, func() { r.stalled(index) })
		defer stall.Stop() // also when the body ends its goroutine
		out, err = r.call(tc, index, attempt, in)
	}
	if context.Cause(ctx) == error(late) {
		late.Took = time.Since(begin)
		var zero Out
		return zero, late
	}
	return out, err
}

// leave runs the body on a goroutine of its own, which is left behind when it
// overruns its timeout and the grace.
func (r *runner[In, Out]) leave(tc *task.Ctx, index, attempt int, in In, late *TimeoutError) (Out, error) {
	type result struct {
		out Out
		err error
	}
	done := make(chan result, 1)
	inner := *r
	go func() {
		inner.goexit = func(_, _ int, err error) { done <- result{err: err} }
		out, err := inner.call(tc, index, attempt, in)
		done <- result{out, err}
	}()
	select {
	case res := <-done:
		return res.out, res.err
	case <-tc.Done():
	}
	patience := time.NewTimer(r.grace)
	defer patience.Stop()
	select {
	case res := <-done:
		return res.out, res.err
	case <-patience.C:
	}
	if context.Cause(tc) != error(late) { // the loop was stopped, not this attempt late
		res := <-done
		return res.out, res.err
	}
	late.Abandoned = true
	late.Stack = allStacks()
	_, _ = tc.Finish(late) // what it had claimed is free
	if p, ok := r.slot.(*permit); ok {
		p.retire()
		r.slot = &permit{from: p.from}
	}
	var zero Out
	return zero, late
}

// stalled reports a body that overran its timeout and the grace. It can't be
// killed: a goroutine has no such thing (golang/go#25664).
func (r *runner[In, Out]) stalled(index int) {
	stack := allStacks()
	r.meter.Event(observe.Event{Kind: observe.Stalled, Worker: r.worker, Index: index, Stack: stack,
		Text: "body still runs after its timeout and the grace"})
	if !r.meter.Watched() {
		slog.Warn("parfor: body still runs after its timeout and the grace; a goroutine can't be killed: run the loop on processes, or use Abandon",
			"loop", r.name, "item", index, "stack", string(stack))
	}
}

func allStacks() []byte {
	buf := make([]byte, 64<<10)
	return buf[:runtime.Stack(buf, true)]
}

// call runs the body, turning a panic into an error. Where a panic is to crash
// the program it goes on from here, while the body's own frames are still on
// the stack for the crash to show.
func (r *runner[In, Out]) call(tc *task.Ctx, index, attempt int, in In) (out Out, err error) {
	returned := false
	if tc != r.shared {
		tc.Own()
	}
	var region *trace.Region
	if r.traced {
		region = r.region(tc)
	}
	defer func() {
		if region != nil {
			region.End()
		}
		exited := false
		if !returned {
			if v := recover(); v == nil {
				exited = true
			} else if r.crash {
				panic(v)
			} else {
				err = &PanicError{Value: v, Stack: debug.Stack()}
			}
		}
		tc.Join() // what the body submitted is part of its task
		if tc != r.shared {
			tc.End()
		}
		if !exited {
			return
		}
		if tc != r.shared {
			_, _ = tc.Finish(ErrGoexit) // what it had claimed is free
		}
		if r.goexit != nil {
			r.goexit(index, attempt, ErrGoexit)
		}
	}()
	out, err = r.body(tc, in)
	returned = true
	return out, sound(err)
}

// permanent marks an error that no further attempt can mend. It is always the
// outermost one, and taken off before anybody else sees the error.
type permanent struct{ error }
