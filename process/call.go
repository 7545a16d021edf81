package process

import (
	"context"
	"errors"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
)

// CallOption is what [Call] takes: an [Option] of this package, for the process,
// or a parfor.Option, for the task. Nothing else compiles.
type CallOption interface{ ForCall(engine.Key) }

// ForCall does nothing: it makes the option one that [Call] takes.
func (Option) ForCall(engine.Key) {}

// Call runs one registered function in a process of its own, which ends with
// it: for what may crash, hang, leak or eat all memory.
//
//	size, err := process.Call(ctx, decode, file, process.Env("LANG=C"), parfor.Timeout(10*time.Second))
//
// Options of this package say what the process is like, those of parfor.Submit
// how the task runs. All are checked before the process starts.
//
// A failure is a *parfor.TaskError around what happened: the body's own error
// and a *parfor.PanicError as everywhere, a *parfor.TimeoutError, a
// *parfor.WorkerError if the process died. With parfor.Attempts a process that
// died is replaced; after a plain error the next attempt runs in the same one.
//
// Call blocks until the process, and those that the body started in its group,
// are gone. When ctx ends the body's context does; if it hasn't returned a grace
// (parfor.Grace) later, it is killed. If the end of the process fails, a close
// function of parfor.PerWorker say, the error says so beside the result.
//
// A process costs several milliseconds. Who calls often keeps a [Pool], whose
// workers survive bodies that don't crash: see parfor.Submit and parfor.On. In a
// worker process the error wraps errors.ErrUnsupported, as that of [NewPool].
func Call[In, Out any](ctx context.Context, fn func(context.Context, In) (Out, error), in In, opts ...CallOption) (Out, error) {
	var zero Out
	f := &fresh{ctx: ctx}
	loop, err := f.sort(opts)
	if err != nil {
		return zero, err
	}
	// The result comes when the task is decided, not when the context ends: until
	// then something runs.
	out, err := parfor.Submit(ctx, f, fn, in, loop...).Result(context.WithoutCancel(ctx))
	return out, errors.Join(err, f.Close())
}

// fresh is the executor of one call. Its pool starts when all else is checked.
type fresh struct {
	ctx    context.Context
	opts   []Option
	ledger engine.Ledger
	pool   *Pool
}

// sort tells the process's options from the task's.
func (f *fresh) sort(opts []CallOption) (loop []parfor.Option, err error) {
	for _, o := range opts {
		switch o := o.(type) {
		case Option:
			f.opts = append(f.opts, o)
		case parfor.Option:
			loop = append(loop, o)
		default:
			return nil, fmt.Errorf("%w: an option is nil", parfor.ErrOption)
		}
	}
	o, err := configure(f.opts)
	if err == nil && o.slots > 1 {
		err = fmt.Errorf("%w: ItemsPerWorker(%d): Call runs one", parfor.ErrOption, o.slots)
	}
	return loop, err
}

// Seal makes it an executor.
func (f *fresh) Seal(engine.Key) engine.Engine {
	return engine.Engine{Kind: "processes", Remote: f, Ledger: &f.ledger}
}

// Check implements engine.Remote: whatever is registered runs.
func (f *fresh) Check(s *engine.Spec) error { return nil }

// Slots implements engine.Remote.
func (f *fresh) Slots() int { return 1 }

// Attach implements engine.Remote: it starts the process.
func (f *fresh) Attach(j engine.Job) (engine.Handle, error) {
	p, err := NewPool(f.ctx, 1, f.opts...)
	if err != nil {
		return nil, err
	}
	f.pool = p
	return remote{p}.Attach(j)
}

// Close ends the process.
func (f *fresh) Close() error { return f.pool.Close() }
