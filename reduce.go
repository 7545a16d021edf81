package parfor

import (
	"context"
	"fmt"
	"slices"
)

// Reduce calls body for each item and combines the results into one: the
// tutorial's dictionaries, combined at the end. Of no items, or where none was
// finished, it returns the zero value.
//
// combine gets two results, or what came of combining some, and returns what
// they are together. Both are its own from then on: to combine maps, it may add
// the entries of one to the other and return that. It has to be associative and
// commutative, for results are combined as they come: each goroutine of the
// loop keeps an outcome of its own, without a lock, and these are combined at
// the end; results of worker processes are combined by one goroutine while the
// others come in. Calls of combine may run concurrently. Memory is O(workers)
// here, and bounded with worker processes too, for any number of items.
//
// With [InOrder] the outcome is the left fold in the order of items, combine(
// combine(first, second), third), so combine need not be either, and sums of
// floats come out equal to the last bit on every executor. One goroutine then
// combines, memory is O([Window]), and an item costs a stream's price: less
// than a microsecond in this process, unless one worker runs it all.
//
// Of a failed loop the outcome has what was finished, which [LoopError.Done]
// lists. A panic in combine, or a Goexit, ends the loop: it is the Cause, as a
// *PanicError with its stack, and the outcome is the zero value. In all else it
// is [Map].
func Reduce[In, Out any](ctx context.Context, items []In, fn func(context.Context, In) (Out, error), combine func(a, b Out) Out, opts ...Option) (Out, error) {
	var none Out
	b := bodyOf(fn)
	l, err := openSlice(ctx, items, b, opts, func(c *config) error {
		switch {
		case combine == nil:
			return fmt.Errorf("%w: Reduce: the combine function is nil", ErrOption)
		case c.window > 0 && !c.inOrder:
			return fmt.Errorf("%w: Window is for InOrder here: else results are combined as they come", ErrOption)
		}
		return unkeyed(c)
	})
	if err != nil {
		return none, err
	}
	switch {
	case l.gated() || l.journaled.on():
	case l.engine.Remote != nil && !l.inOrder:
		c := newCombiner(l, combine)
		return c.acc.result(runRemote(l, items, nil, c, b))
	case l.engine.Remote == nil && l.attempts == 1 && (!l.inOrder || l.width(defaultInFlight) == 1):
		p := newPartials(combine, max(min(l.width(defaultInFlight), len(items)), 1))
		return p.of[0].result(runLocal(l, items, nil, p, b))
	}
	return reduceInOrder(l, items, b, combine)
}

// reduceInOrder consumes a stream. It does so on a goroutine of its own, which
// combine may end.
func reduceInOrder[In, Out any](l *loop, items []In, b body[In, Out], combine func(a, b Out) Out) (Out, error) {
	var acc partial[Out]
	s, err := newStream(l, withoutErrors(slices.Values(items)), b, codingOf(&b), len(items), nil, nil)
	if err != nil {
		return acc.val, err
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.consume(func(r Result[In, Out], err error) bool {
			if err == nil {
				acc.add(l, combine, r.Out)
			}
			return true
		})
	}()
	<-over
	return acc.result(s.ended)
}
