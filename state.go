package parfor

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
)

// PerWorker declares a value that bodies share within a process: a client, a
// database handle, a model. Keep it in a package variable:
//
//	var db = parfor.PerWorker(openDB, (*sql.DB).Close)
//
// It is opened by the first [WorkerVar.Get] in a process and closed when a
// worker process ends; in the process that runs the loops call
// [WorkerVar.Close]. A nil close means that there is nothing to close.
//
// The value must be safe for concurrent use: on goroutines all bodies have the
// same one. See [PerSlot] for values that aren't.
//
// Open gets the context of the task that came first. It may read values and
// obey a cancel, but what stays open must not depend on it: that task ends
// long before the value. On worker processes an open that ignores its context is
// killed with the worker when the task's time is over; the next task opens anew.
// An error or a panic of close is part of what the pool's Close returns, which
// waits for it 5 seconds. To open before the first task, call Get in an
// initializer (process.WorkerInit).
func PerWorker[T any](open func(context.Context) (T, error), close func(T) error) *WorkerVar[T] {
	if open == nil {
		panic("parfor: PerWorker(nil, …): give the function that opens the value")
	}
	return &WorkerVar[T]{open: open, close: close}
}

// WorkerVar is a value that is opened once per process. See [PerWorker].
type WorkerVar[T any] struct {
	open  func(context.Context) (T, error)
	close func(T) error

	value atomic.Pointer[T]

	mu      sync.Mutex
	opening *opening // nil while nobody opens
	hooked  bool     // a worker's exit will close the value
}

// opening is one try to open a value, which others wait for.
type opening struct {
	done chan struct{}
	err  error
	own  bool // it failed because its own task was cancelled: not the others' failure
}

// Get returns the value, opening it if this process hasn't yet. It may be
// called concurrently: one caller opens, the others wait for it or for their
// own context. An error of open is returned to all who waited; the next Get
// tries again. Once the value is open Get costs an atomic load.
func (v *WorkerVar[T]) Get(ctx context.Context) (T, error) {
	for {
		if p := v.value.Load(); p != nil {
			return *p, nil
		}
		var zero T
		if ctx.Value(openKey{v}) != nil {
			return zero, fmt.Errorf("%w: the open function of a PerWorker value asked for that value", ErrWouldDeadlock)
		}
		o, mine := v.begin()
		if o == nil {
			continue
		}
		if mine {
			return v.openNow(ctx, o)
		}
		select {
		case <-o.done:
			if o.err != nil && !o.own {
				return zero, o.err
			}
		case <-ctx.Done():
			return zero, context.Cause(ctx)
		}
	}
}

// openKey marks the context of an open function.
type openKey struct{ v any }

// begin joins the opening under way or starts one; nil means that the value
// has just been opened.
func (v *WorkerVar[T]) begin() (o *opening, mine bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.opening != nil {
		return v.opening, false
	}
	if v.value.Load() != nil {
		return nil, false
	}
	v.opening = &opening{done: make(chan struct{})}
	return v.opening, true
}

// openNow runs open. Whatever happens in it, a panic and Goexit included, the
// waiters are released.
func (v *WorkerVar[T]) openNow(ctx context.Context, o *opening) (value T, err error) {
	o.err = fmt.Errorf("parfor: the open function of a PerWorker value panicked or called runtime.Goexit in another task")
	defer func() {
		v.mu.Lock()
		v.opening = nil
		hook := o.err == nil && !v.hooked
		v.hooked = v.hooked || hook
		v.mu.Unlock()
		close(o.done)
		if hook {
			task.OnWorkerExit(v.Close)
		}
	}()
	value, err = v.open(context.WithValue(ctx, openKey{v}, true))
	o.err, o.own = err, err != nil && ctx.Err() != nil
	if err == nil {
		v.value.Store(&value)
	}
	return value, err
}

// Close closes the value of this process, if it is open, and returns the error
// of the close function. Call it when no body uses the value any more: it does
// not wait for them. A later Get opens the value anew. A worker process closes
// its values itself when it ends, but not when it is killed.
func (v *WorkerVar[T]) Close() error {
	p := v.value.Swap(nil)
	if p == nil || v.close == nil {
		return nil
	}
	return v.close(*p)
}
