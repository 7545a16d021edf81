package parfor

import (
	"context"
	"sync"

	"parfor.dev/parfor/internal/task"
)

// PerSlot declares a value for handles that aren't safe for concurrent use: a
// cgo context, a random generator, a scratch buffer. A body that asks for it
// has one to itself until it returns; then another task may have it. A process
// opens at most as many as bodies run in it at once.
//
// Call it in a package variable. Open and close are as for [PerWorker].
func PerSlot[T any](open func(context.Context) (T, error), close func(T) error) *SlotVar[T] {
	if open == nil {
		panic("parfor: PerSlot(nil, …): give the function that opens the value")
	}
	// A value is bound to one attempt, so attempts need a context each.
	if !task.NeedIdentity {
		task.NeedIdentity = true
	}
	return &SlotVar[T]{open: open, close: close, held: map[*task.Attempt]*handle[T]{}}
}

// SlotVar is a value of which each running body has its own. See [PerSlot].
type SlotVar[T any] struct {
	open  func(context.Context) (T, error)
	close func(T) error

	mu     sync.Mutex
	held   map[*task.Attempt]*handle[T]
	free   []*handle[T] // the one used last is at the end: it is warm
	hooked bool
}

type handle[T any] struct {
	value T
	drop  bool // Discard: close it instead of keeping it
}

// Get returns the value that belongs to the body whose context ctx is: the same
// for each call, nobody else's until the body returns. It opens one if none is
// free, which may fail. Goroutines that a body starts share its value and must
// not use it at once. Outside a task the error is [ErrNoTask]; a nested loop's
// tasks have values of their own.
func (v *SlotVar[T]) Get(ctx context.Context) (T, error) {
	var zero T
	a := task.From(ctx)
	if a == nil {
		return zero, ErrNoTask
	}
	if h := v.take(a); h != nil {
		return h.value, nil
	}
	value, err := v.open(ctx)
	if err != nil {
		return zero, err
	}
	h := &handle[T]{value: value}
	v.mu.Lock()
	if other := v.held[a]; other != nil { // two goroutines of one body opened at once
		h.drop = true
		v.mu.Unlock()
		return other.value, v.put(h)
	}
	v.held[a] = h
	hook := !v.hooked
	v.hooked = true
	v.mu.Unlock()
	if hook {
		task.OnWorkerExit(v.Close)
	}
	if err := v.bind(a); err != nil {
		return zero, err
	}
	return value, nil
}

// take finds the attempt's value, or gives it a free one.
func (v *SlotVar[T]) take(a *task.Attempt) *handle[T] {
	v.mu.Lock()
	if h := v.held[a]; h != nil {
		v.mu.Unlock()
		return h
	}
	n := len(v.free) - 1
	if n < 0 {
		v.mu.Unlock()
		return nil
	}
	h := v.free[n]
	v.free[n], v.free = nil, v.free[:n]
	v.held[a] = h
	v.mu.Unlock()
	if v.bind(a) != nil {
		return nil // the open that follows fails the same way
	}
	return h
}

// bind has the value given back when the attempt's body has returned.
func (v *SlotVar[T]) bind(a *task.Attempt) error {
	if a.AtEnd(func() { _ = v.release(a) }) {
		return nil
	}
	if err := v.release(a); err != nil {
		return err
	}
	return ErrTaskDone
}

func (v *SlotVar[T]) release(a *task.Attempt) error {
	v.mu.Lock()
	h := v.held[a]
	delete(v.held, a)
	v.mu.Unlock()
	if h == nil {
		return nil
	}
	return v.put(h)
}

// put keeps a value for the next task, or closes it.
func (v *SlotVar[T]) put(h *handle[T]) error {
	if !h.drop {
		v.mu.Lock()
		v.free = append(v.free, h)
		v.mu.Unlock()
		return nil
	}
	if v.close == nil {
		return nil
	}
	return v.close(h.value)
}

// Discard says that the calling body's value is broken: it is closed when the
// body has returned, and no other task gets it. The next Get of this body
// returns it still.
func (v *SlotVar[T]) Discard(ctx context.Context) {
	a := task.From(ctx)
	v.mu.Lock()
	defer v.mu.Unlock()
	if h := v.held[a]; h != nil {
		h.drop = true
	}
}

// Close closes the values of this process that no body holds, and returns the
// first error. Call it when no loop runs that uses them. A later Get opens
// values anew.
func (v *SlotVar[T]) Close() error {
	v.mu.Lock()
	free := v.free
	v.free = nil
	v.mu.Unlock()
	var first error
	for _, h := range free {
		h.drop = true
		if err := v.put(h); err != nil && first == nil {
			first = err
		}
	}
	return first
}
