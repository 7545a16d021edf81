package parfor

import (
	"context"
	"fmt"
	"iter"

	"parfor.dev/parfor/internal/task"
)

// Group calls body for each seed and for each item that bodies add with [Add],
// and yields results as they finish: a loop whose tasks may add tasks, for
// crawls, trees and searches. It ends when no task runs and none is left to
// run.
//
// What a task adds is part of its result. It counts if, and only if, the
// attempt that adds succeeds and commits: one that failed, panicked, timed out,
// conflicted or was killed with its worker process adds nothing, and one that
// is tried again adds what the last attempt added. An added task starts after
// the dictionary writes of the one that added it are there to be read.
//
// Indexes count the seeds, then added items in the order in which the tasks
// that added them ended, those of one task in the order of its calls; tasks
// start in that order. In all else it is [Stream]: executors, options, errors,
// what break does. [InOrder] yields by index. A loop that ends early says in
// [LoopError.Done] which items were finished; its Total is -1 then, as what
// never ran would have added more.
//
// At most a [Window] of tasks is open or finished and not yet yielded. Items
// that wait for their turn are kept in memory, however many there are: a
// group's frontier has no bound but what its bodies add. Observers are told how
// many items are known so far. Each task costs a context of its own, as it does
// with dictionaries.
func Group[In, Out any](ctx context.Context, seeds []In, fn func(context.Context, In) (Out, error), opts ...Option) iter.Seq2[Result[In, Out], error] {
	b := bodyOf(fn)
	return yieldStream(func() (*stream[In, Out], error) { return openGroup(ctx, seeds, b, opts) })
}

func openGroup[In, Out any](ctx context.Context, seeds []In, b body[In, Out], opts []Option) (*stream[In, Out], error) {
	l, err := open(ctx, b.name, opts)
	if err != nil {
		return nil, err
	}
	if err := b.check(l); err != nil {
		return nil, err
	}
	if err := unkeyed(l.config); err != nil {
		return nil, err
	}
	if l.journaled.on() {
		return nil, fmt.Errorf("%w: Journal is for loops whose items are given: those of a Group come in another order each time", ErrOption)
	}
	f := &frontier[In, Out]{loop: l.tasks, seeds: seeds}
	l.tasks.Group = f
	if l.values == nil {
		l.values = map[string]any{}
	}
	l.values[task.GroupArg] = itemsOf[In]{}
	return newStream(l, nil, b, codingOf(&b), -1, nil, nil)
}
