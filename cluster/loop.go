package cluster

import (
	"context"
	"fmt"
	"iter"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/engine"
)

// Loop is where a loop runs that outlives its program: under a name (letters,
// digits, _ and -), which the cluster knows it by until every item has a result.
// If the program is killed, cancelled, or the loop fails, the same call in the
// next program, on the same items, goes on with it:
//
//	codes, err := parfor.Map(ctx, items, post, parfor.On(x.Loop("nightly")))
//
// Items that have a result are not run again: they come back with that result,
// and Result.Resumed set. Those that failed, or were running, run again.
// parfor.Key of an item stays the same. Another body, or other items under the
// name, are refused with [ErrMismatch].
//
// One program at a time has the loop. While the one before lives the error is
// [ErrOwned], after up to [Lease]; one that was taken for dead and isn't ends with
// ErrOwned, and reports nothing more.
//
// The cluster keeps all items and results of the loop until it is whole, or
// nobody has gone on with it for a week ([KeepAbandoned]); programs that go on
// read them all into memory. A loop with a Journal, a Group and Submit can't have a
// name.
//
// With its results the cluster keeps what its tasks did to dictionaries, as a
// parfor.Journal does: a program that goes on gets them as they were, in place of
// what it has in them, and until the loop is over nobody else may write to them
// (parfor.ErrJournaled). What can't be recorded (a dict.Live, a dict.Queue, a
// dictionary without a name) is an error, unless parfor.JournalIgnores names it.
//
// The returned executor is a way to x, which is the one to close.
func (x *Executor) Loop(name string) parfor.Executor { return &named{Executor: x, name: name} }

// Attach goes on with the loop of a name whose program ended, as the same call
// with [Executor.Loop] does, but with the items that the cluster has. It yields
// the results of all items, in input order if opts say so: those that the loop had
// already with Resumed set, then the others as they come. body must be the loop's.
// For errors see parfor.Stream.
//
// The error is [ErrNoLoop] if there is no such loop, [ErrUnsealed] if its program
// ended before all items were in the cluster, [ErrMismatch] if it runs another
// body, and [ErrOwned] while its program lives.
func Attach[In, Out any](ctx context.Context, x *Executor, name string, body func(context.Context, In) (Out, error), opts ...parfor.Option) iter.Seq2[parfor.Result[In, Out], error] {
	return func(yield func(parfor.Result[In, Out], error) bool) {
		items, err := attached[In](ctx, x, name)
		if err != nil {
			yield(parfor.Result[In, Out]{}, err)
			return
		}
		on := append(append([]parfor.Option{}, opts...), parfor.On(&named{Executor: x, name: name, only: true}))
		for r, err := range parfor.StreamFrom(ctx, items, body, on...) {
			if !yield(r, err) {
				return
			}
		}
	}
}

// attached are the items of a loop, as the cluster has them.
func attached[In any](ctx context.Context, x *Executor, name string) (iter.Seq2[In, error], error) {
	if x == nil {
		return nil, parfor.ErrNoExecutor
	}
	encoded, err := x.owner.Items(ctx, name)
	if err != nil {
		return nil, err
	}
	in := codec.Of[In]()
	return func(yield func(In, error) bool) {
		for i, b := range encoded {
			v, err := in.Get(b)
			if err != nil {
				err = fmt.Errorf("parfor: item %d of the loop %s, as a %T: %w", i, name, v, err)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}, nil
}

// named is an executor for one loop.
type named struct {
	*Executor
	name string
	only bool

	refused engine.Ledger // submissions, which can't have a name
}

// Close does nothing to the executor that it is a name of, which is to be closed
// itself.
func (n *named) Close() error { return n.refused.Close() }

// Seal makes it an executor.
func (n *named) Seal(k engine.Key) engine.Engine {
	e := n.Executor.Seal(k)
	if e.Remote == nil || e.Err != nil { // in a worker process x is nil
		return e
	}
	r, err := n.owner.Named(n.name, n.only)
	if err != nil {
		e.Err = err
	} else {
		e.Remote, e.Ledger, e.Records = r, &n.refused, true
	}
	return e
}
