package dict

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
)

// identity is who a shared object is, whatever it holds: how processes name
// it, which task it belongs to, and when it ends.
type identity struct {
	id   uint64
	name string // full name, or "anonymous dictionary n"
	site string // of New

	scope  *task.Attempt   // it was made inside this attempt and ends with it
	life   context.Context // of Make
	travel sync.Once       // the handle went to another process
	stay   func() bool     // stops waiting for the end of life, after travel
	closed atomic.Bool
}

// ID, Name and Site are of writeset.Store.
func (i *identity) ID() uint64 { return i.id }

// Name is the full name.
func (i *identity) Name() string { return i.name }

// Site is where New was called.
func (i *identity) Site() string { return i.site }

func (i *identity) named(err error) error { return fmt.Errorf("dict: %s: %w", i.name, err) }

// wrap names the object in an error, if there is one.
func (i *identity) wrap(err error) error {
	if err == nil {
		return nil
	}
	return i.named(err)
}

// enter says which attempt a call belongs to, nil for none, or why it can't be
// made.
func (i *identity) enter(ctx context.Context) (*task.Attempt, error) {
	if i.closed.Load() {
		return nil, i.named(ErrClosed)
	}
	a, err := outside(ctx)
	if err != nil {
		return nil, i.named(err)
	}
	if i.scope != nil && !within(a, i.scope) {
		return nil, i.named(fmt.Errorf("%w; it was made inside a task and belongs to that one", ErrNoTask))
	}
	return a, nil
}

// remote reports whether what is committed is in another process. What was
// made inside a task lives in write sets alone.
func (i *identity) remote() bool { return i.scope == nil && task.InWorker.Load() }

// outside returns the attempt of ctx. Without one it makes sure that a call
// outside tasks is possible here and now.
func outside(ctx context.Context) (*task.Attempt, error) {
	if a := task.From(ctx); a != nil {
		return a, nil
	}
	if task.InWorker.Load() {
		return nil, ErrNoTask
	}
	refuseInitialisers()
	return nil, nil
}

func within(a, scope *task.Attempt) bool {
	for ; a != nil; a = a.Parent {
		if a == scope {
			return true
		}
	}
	return false
}
