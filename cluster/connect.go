package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/owner"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"

	_ "parfor.dev/parfor/internal/cborcodec" // the codec for what has no faster one
)

// Executor is an executor whose tasks run in agents ([Serve]) on any number of
// machines. It is safe for concurrent use; loops that share it take turns.
//
// A nil *Executor is an executor in a worker process, where it means that
// process's goroutines.
type Executor struct {
	link   *link.Link
	owner  *owner.Owner
	ledger engine.Ledger
	unbind func() bool

	mu      sync.Mutex
	closing bool
	once    sync.Once
	err     error
}

var _ parfor.Executor = (*Executor)(nil)

// Connect connects to the NATS servers at url ("nats://host:4222", or several
// with commas between), and makes the streams that parfor needs if they aren't
// there. It blocks until that is done, and bounds it with ctx; when ctx is
// cancelled later, running loops fail, as by [Executor.CloseNow].
//
// Beyond this machine url must be a tls:// address, and credentials be given, in
// it or with [NATS]: else the error is [ErrInsecure].
//
// The connection mends itself: while no server is there, loops wait.
func Connect(ctx context.Context, url string, opts ...Option) (*Executor, error) {
	o, err := configure(connects, opts)
	if err != nil {
		return nil, err
	}
	self, err := names.Self(o.version)
	if err != nil {
		return nil, err
	}
	l, err := link.Dial(ctx, link.Config{URL: url, Name: "parfor", Side: "owner", Space: o.space, Store: o.store, Options: o.nats})
	if err != nil {
		return nil, err
	}
	begin, cancel := l.Guard(ctx)
	defer cancel()
	w, err := owner.New(begin, owner.Config{Link: l, Program: self, Store: o.store, Wait: o.wait, Life: o.life, Keep: o.keep, KeepNamed: o.keepNamed})
	if err != nil {
		l.Close()
		return nil, link.Explain(begin, err)
	}
	l.Denied(w.CancelAll)
	l.Storeless(w.Abandon)
	x := &Executor{link: l, owner: w}
	x.unbind = context.AfterFunc(ctx, func() { w.CancelAll(context.Cause(ctx)) })
	return x, nil
}

// Close waits for the loops and submissions that the executor has, then ends the
// connection. Agents go on. It returns the errors of futures that nobody read.
// Loops that begin afterwards fail with parfor.ErrClosed. A second call waits too
// and returns nil.
func (x *Executor) Close() error {
	if x == nil {
		return nil
	}
	x.mu.Lock()
	x.closing = true
	x.mu.Unlock()
	err := x.ledger.Close()
	x.once.Do(func() {
		x.unbind()
		x.err = x.owner.Close()
		x.link.Close()
		err = errors.Join(err, x.err)
	})
	return err
}

// CloseNow fails what runs and what waits with an error that is parfor.ErrClosed
// and parfor.ErrCanceled, then does what Close does. Agents cancel what still runs.
func (x *Executor) CloseNow() error {
	if x == nil {
		return nil
	}
	x.owner.CancelAll(fmt.Errorf("%w: %w", parfor.ErrClosed, parfor.ErrCanceled))
	return x.Close()
}

// Slots is how many tasks of this program can run at once now, on all agents: 0
// while there is none.
func (x *Executor) Slots() int { return x.owner.Available() }

// SlotsFor is how many tasks of one function can run at once now, by its name as
// [Only] takes it: not every agent may run everything.
func (x *Executor) SlotsFor(function string) int { return x.owner.AvailableFor(function) }

// Seal makes it an executor.
func (x *Executor) Seal(engine.Key) engine.Engine {
	if x == nil {
		if task.InWorker.Load() {
			return engine.Engine{Kind: "goroutines"}
		}
		return engine.Engine{Err: parfor.ErrNoExecutor}
	}
	e := engine.Engine{Kind: "cluster", Remote: x.owner.Remote(), Ledger: &x.ledger}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closing {
		e.Err = parfor.ErrClosed
	}
	return e
}
