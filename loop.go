package parfor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// defaultInFlight is how many tasks of a loop run at once on goroutines.
// GOMAXPROCS would make the first HTTP loop on a small machine as slow as a
// sequential one.
const defaultInFlight = 32

// loop is what every kind of loop shares: options, context, policy, failures.
// It lives from open to close, on the goroutine that called the loop.
type loop struct {
	policy
	engine engine.Engine
	ctx    context.Context // of the bodies
	cancel context.CancelCauseFunc
	caller context.Context // the one the user gave, and what observers added
	labels func(index int) string
	halts  []func()                // called once when the loop stops
	undo   func()                  // of open
	live   atomic.Int32            // worker goroutines in this process
	tiny   bool                    // bodies that are too short for labels: see For
	look   func(*task.Asleep) bool // see Stuck; guarded by mu

	mu     sync.Mutex
	failed failures
	undone indexSet // items claimed but not finished, besides the failed
	cause  error    // first reason to end early that is not an item
}

// open checks options and executor and starts the loop's clock. After an
// error nothing has started.
func open(ctx context.Context, name string, opts []Option) (*loop, error) {
	c, err := configure(opts)
	if err != nil {
		return nil, err
	}
	l := &loop{caller: ctx}
	l.config, l.parent, l.allowance = c, task.From(ctx), newAllowance(c.budget)
	if l.engine, err = resolve(c); err != nil {
		return nil, err
	}
	if err := wouldDeadlock(l.engine.Local, l.parent); err != nil {
		return nil, err
	}
	if c.name == "" {
		c.name = name
	}
	l.tasks = &task.Loop{Name: c.name, Arg: func(name string) (any, []byte, bool) {
		v, ok := c.values[name]
		return v, nil, ok
	}, Run: runs.Add(1), Serializable: c.serializable, Ordered: true}
	if l.parent != nil {
		l.tasks.Nth = l.parent.NextLoop()
	}
	if err := c.runsOn(l.engine); err != nil {
		return nil, err
	}
	l.tasks.Ignores = c.journaled.ignores
	return l, nil
}

// runsOn refuses options that mean nothing on the executor.
func (c *config) runsOn(e engine.Engine) error {
	switch {
	case c.journaled.ignoring && !c.journaled.on() && !e.Records:
		return fmt.Errorf("%w: JournalIgnores needs Journal, or a loop that its executor records (with a name, on a cluster)", ErrOption)
	case e.Remote == nil:
		return nil
	case c.abandon:
		return fmt.Errorf("%w: Abandon is for goroutines: on %s a body that overruns is killed", ErrOption, e.Kind)
	case c.crash:
		return fmt.Errorf("%w: CrashOnPanic is for goroutines: on %s a panic is a *PanicError, for it can't crash the caller", ErrOption, e.Kind)
	}
	return nil
}

// resolve finds what the loop runs on.
func resolve(c *config) (engine.Engine, error) {
	own := engine.Engine{Kind: "goroutines"}
	if !c.onGiven {
		return own, nil
	}
	if c.executor == nil {
		if task.InWorker.Load() {
			return own, nil
		}
		return own, ErrNoExecutor
	}
	e := c.executor.Seal(engine.Key{})
	return e, e.Err
}

// width is how many tasks run at once in this process.
func (l *loop) width(own int) int {
	n := own
	if l.engine.Local != nil {
		n = l.engine.Local.Slots()
		if l.workers > 0 {
			n = min(n, l.workers)
		}
	} else if l.workers > 0 {
		n = l.workers
	}
	return n
}

// begin starts contexts and the meter, and lends the slot of the task that
// runs this loop, if it is one. Close undoes it.
func (l *loop) begin(workers, total int) {
	l.meter, l.caller = meter.In(l.caller, l.name, l.engine.Kind, workers, total, l.observers)
	ctx, cancel := context.WithCancelCause(l.caller)
	l.cancel = cancel
	release := func() {}
	if l.limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, l.limit, ErrLoopTimeout)
		release = stop
	}
	if !l.tiny {
		ctx = l.profiled(ctx)
	}
	ctx, endTask := l.traced(ctx)
	l.ctx = ctx
	unwatch := context.AfterFunc(ctx, l.halt)
	if ctx.Err() != nil {
		l.halt() // AfterFunc does so on a goroutine of its own, too late for the first bodies
	}
	slot := lend(l.parent)
	forget := l.appear()
	l.undo = func() {
		forget()
		slot()
		unwatch()
		release()
		endTask()
		cancel(errStopped)
	}
}

// lend gives the slot of a task to others until the returned func is called,
// so that a task that waits for tasks can't starve them.
func lend(a *task.Attempt) (takeBack func()) {
	if a == nil || a.Slot == nil {
		return func() {}
	}
	a.Slot.Lend()
	return a.Slot.TakeBack
}

// asTask runs code of the task that runs this loop, on a slot of its executor
// as all of its code: the slot is lent only while the task waits.
func (l *loop) asTask(code func() bool) bool {
	if l.parent == nil || l.parent.Slot == nil {
		return code()
	}
	l.parent.Slot.TakeBack()
	defer l.parent.Slot.Lend()
	return code()
}

// halt keeps further tasks from starting. It is called once the context of the
// bodies is done, whoever ended it.
func (l *loop) halt() {
	l.stop.Store(true)
	l.mu.Lock()
	halts := l.halts
	l.halts = nil
	l.mu.Unlock()
	for _, f := range halts {
		f()
	}
}

// onHalt registers what to do when the loop stops.
func (l *loop) onHalt(f func()) {
	l.mu.Lock()
	l.halts = append(l.halts, f)
	l.mu.Unlock()
	if l.stop.Load() {
		l.halt()
	}
}

// abort ends the loop early for a reason that is no item's failure.
func (l *loop) abort(cause error) {
	l.mu.Lock()
	if l.cause == nil {
		l.cause = cause
	}
	l.mu.Unlock()
	l.stop.Store(true)
	l.cancel(errStopped)
	l.halt()
}

// settle records the failed last attempt of an item. It returns nil if the
// failure is only an echo of the loop's own end, which never counts and never
// masks what ended it.
func (l *loop) settle(index, attempt int, err error) *TaskError {
	if l.ended() && l.echo(err) {
		l.mu.Lock()
		l.undone.add(index)
		l.mu.Unlock()
		return nil
	}
	err = mendless(l.explain(index, attempt, err))
	l.allowance.done(index, attempt)
	l.meter.Fail(index, attempt, err)
	t := &TaskError{Index: index, Attempt: attempt, Err: err}
	if l.labels != nil {
		t.Label = l.labels(index)
	}
	l.mu.Lock()
	l.failed.add(t)
	l.mu.Unlock()
	if !l.keepGoing {
		l.stop.Store(true)
		l.cancel(errStopped)
		l.halt()
	}
	return t
}

// ended reports whether the loop's context has ended. A worker process keeps the
// deadline on a timer of its own, which may fire before the one here does: once
// the time has come there is only that left to wait for.
func (l *loop) ended() bool {
	if at, has := l.ctx.Deadline(); has && l.ctx.Err() == nil && !time.Now().Before(at) {
		<-l.ctx.Done()
	}
	return l.ctx.Err() != nil
}

// verdict is how the loop takes an attempt that ended in another process. One that
// succeeded earns for those that are settled after it, which may be many before
// any of them is finished.
func (l *loop) verdict(t engine.Task, o *engine.Outcome) {
	if o.Err == nil {
		l.allowance.done(t.Index, int(t.Attempt))
	}
	if o.Flags == observe.Failed && l.ended() && l.echo(o.Err) {
		o.Flags = 0
	}
}

// echo reports whether a body failed because the loop's context ended.
func (l *loop) echo(err error) bool {
	cause := context.Cause(l.ctx)
	return is(err, context.Canceled) || is(err, cause) || is(err, errStopped) || is(err, l.ctx.Err())
}

// skip records items [lo, hi) that were claimed and never ran.
func (l *loop) skip(lo, hi int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := lo; i < hi; i++ {
		l.undone.add(i)
	}
}

// close ends the loop, whose bodies have all returned, and makes its error.
// Claimed is how many items were ever claimed, total how many there are.
func (l *loop) close(claimed, total int, sourceBlocked bool) error {
	ended := context.Cause(l.ctx) // before undo adds the loop's own
	l.undo()
	if l.journal != nil {
		l.endJournal(claimed == total)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f := &l.failed
	whole := claimed == total && len(l.undone) == 0
	cause := l.cause
	if cause == nil && !whole && ended != nil && !errors.Is(ended, errStopped) {
		cause = ended
	}
	var err error
	if f.count > 0 || cause != nil || sourceBlocked {
		undone, lost := l.undone, f.set
		err = &LoopError{Total: total, Failed: f.count, First: f.first, Cause: cause, SourceBlocked: sourceBlocked, groups: f.groups,
			done: func(i int) bool { return i < claimed && !undone.has(i) && !lost.has(i) }}
	}
	l.meter.End(err)
	return err
}

// gated reports whether somebody decides when tasks may start.
func (c *config) gated() bool { return len(c.limits) > 0 || c.auto || c.control != nil }

// labelled checks the Label option against the type of the items.
func labelled[In any](l *loop, item func(int) In) error {
	if l.label == nil {
		return nil
	}
	f, ok := l.label.(func(In) string)
	if !ok {
		return fmt.Errorf("%w: Label takes %T here, not %T", ErrOption, *new(func(In) string), l.label)
	}
	l.labels = func(i int) string { return f(item(i)) }
	return nil
}

// spec describes the loop to a remote executor.
func (l *loop) spec(body *registry.Body) (*engine.Spec, error) {
	args, err := encodeArgs(l.config)
	if err != nil {
		return nil, err
	}
	values, err := collectPropagated(l.caller)
	if err != nil {
		return nil, err
	}
	return &engine.Spec{Name: l.name, Body: body, Ctx: l.ctx, Workers: l.workers, Chunk: l.chunk,
		Timeout: l.timeout, Grace: l.grace, Args: args, Values: values, Meter: l.meter, Serializable: l.serializable,
		Journal: l.tasks.Journal, Ignores: l.tasks.Ignores,
		Label: func(t engine.Task) string {
			if l.labels == nil {
				return ""
			}
			return l.labels(t.Index)
		}}, nil
}
