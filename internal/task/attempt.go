// Package task is what a body's context carries: which attempt it belongs to,
// the loop's arguments, and the write set of package dict.
package task

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Errors of an attempt's context; parfor exports them.
var (
	ErrDone    = errors.New("parfor: the task this context belongs to has ended")
	ErrStopped = errors.New("parfor: loop stopped") // of a loop's own cancel
	ErrNoTask  = errors.New("parfor: not inside a task: use the context the body was given")
)

// NeedIdentity is set by package dict when it is linked into the program: from
// then on every task has a context of its own, so that a write finds its task.
// Loops of programs without dictionaries share a context per worker and save
// the allocation. Set in init only.
var NeedIdentity bool

// Tx is the write set of one attempt. Package dict implements it.
type Tx interface {
	// Commit applies the set at the owner as one step and returns its commit
	// number. An error (a limit, a value that can't be encoded) fails the task
	// for good, and nothing was applied.
	Commit() (uint64, error)

	// MergeInto adds the set to that of the enclosing attempt (a nested loop).
	MergeInto(parent *Attempt) error

	// Append appends the encoding that travels to the owner beside the result.
	Append(dst []byte) ([]byte, error)
}

// CommitEncoded applies a write set that came from another process. Package
// dict sets it in init. It copies what it keeps of b.
var CommitEncoded func(b []byte) (uint64, error)

// InWorker is true in a worker process; package process sets it before any
// body runs.
var InWorker atomic.Bool

// Slot is a place to run at an executor. A task that waits for other tasks
// lends its slot to them and takes one back before it goes on.
type Slot interface {
	Lend()
	TakeBack()
}

// Loop is what the tasks of one loop share.
type Loop struct {
	Name string
	Arg  func(name string) (value any, encoded []byte, ok bool)
	Keep func(name string, value any) // caches a decoded argument
}

// Attempt is one try of one task.
type Attempt struct {
	Index  int
	Number int // from 1
	Worker int
	Slot   Slot
	Loop   *Loop
	Parent *Attempt // of the loop that the enclosing task's body runs, or nil

	mu   sync.Mutex
	done bool
	tx   Tx

	ends  []func() // hooks of AtEnd
	ended bool     // the body has returned

	children  atomic.Int32  // tasks submitted under this attempt that are open
	childless chan struct{} // closed when there are none left; made by Join
}

// Tx returns the attempt's write set, made by create on first use. After the
// body returned the error is ErrDone. The caller must hold what it does with
// the set under With if it may race with the end of the attempt.
func (a *Attempt) With(create func(*Attempt) Tx, use func(Tx) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done {
		return ErrDone
	}
	if a.tx == nil {
		if create == nil {
			return use(nil)
		}
		a.tx = create(a)
	}
	return use(a.tx)
}

// Seal ends the attempt: later use of its context for dictionaries is ErrDone.
// It returns the write set, nil if there is none.
func (a *Attempt) Seal() Tx {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done = true
	tx := a.tx
	a.tx = nil
	return tx
}

// Finish seals the attempt and, when it succeeded, commits its writes, or
// hands them to the enclosing attempt. The commit number is 0 without writes.
func (a *Attempt) Finish(ok bool) (uint64, error) {
	tx := a.Seal()
	if tx == nil || !ok {
		return 0, nil
	}
	if a.Parent != nil {
		return 0, tx.MergeInto(a.Parent)
	}
	return tx.Commit()
}

// Ctx is a context with an attempt inside, in one allocation.
type Ctx struct {
	context.Context
	Attempt
}

type key struct{}

// Value finds the attempt, else asks the parent context.
func (c *Ctx) Value(k any) any {
	if _, ok := k.(key); ok {
		return &c.Attempt
	}
	return c.Context.Value(k)
}

// From returns the attempt that ctx belongs to, or nil.
func From(ctx context.Context) *Attempt {
	if c, ok := ctx.(*Ctx); ok {
		return &c.Attempt
	}
	a, _ := ctx.Value(key{}).(*Attempt)
	return a
}
