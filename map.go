package parfor

import (
	"context"
	"fmt"
	"iter"
)

// Map calls body for each item and returns the results in input order:
// result i belongs to items[i]. It blocks until no body of it is running.
//
// The first failure stops the loop: nothing new starts, the contexts of the
// other bodies are cancelled, and once all have returned the error is a
// *LoopError whose first *TaskError has the lowest index among the genuine
// failures. With [KeepGoing] every item runs. Results that were finished are
// in the slice in either case; [LoopError.Done] says which.
//
// Default: 32 tasks in flight on goroutines; with [On] an executor's size. In
// this process it costs about 10 ns an item, a context of its own (Timeout,
// Attempts, dictionaries) adds an allocation. Map may be called from a body
// with the context that body was given; it then lends its slot.
func Map[In, Out any](ctx context.Context, items []In, fn func(context.Context, In) (Out, error), opts ...Option) ([]Out, error) {
	b := bodyOf(fn)
	out := make([]Out, len(items))
	if err := runSlice(ctx, items, out, b, opts, nil); err != nil {
		return out, err
	}
	return out, nil
}

// Each calls body for each item, for what it does rather than what it returns.
// In all else it is [Map].
func Each[In any](ctx context.Context, items []In, fn func(context.Context, In) error, opts ...Option) error {
	return runSlice(ctx, items, nil, eachBody(fn), opts, nil)
}

// EachFrom is [Each] for items that need not be there yet, nor fit in memory:
// those of seq, which is ranged over by one goroutine, at most [Window] items
// ahead of what has ended (default 64, or four for each body that may run if that
// is more; 4096 on processes). It blocks until no body is running. An error that
// seq yields ends the input; what it had yielded before is finished, and the
// error, a *LoopError, wraps it. A source that blocks in code of its own when the
// loop ends is left behind: see [LoopError.SourceBlocked].
//
// Nothing is yielded, so [InOrder] means nothing, and it costs less than
// [StreamFrom]: nobody is woken for an item that is done.
func EachFrom[In any](ctx context.Context, seq iter.Seq2[In, error], fn func(context.Context, In) error, opts ...Option) error {
	s, err := openStream(ctx, seq, eachBody(fn), opts, func(int, struct{}) {})
	if err != nil {
		return err
	}
	return s.finish()
}

// runSlice is every loop over a slice. Check, if given, sees the options
// before anything runs.
func runSlice[In, Out any](ctx context.Context, items []In, out []Out, b body[In, Out], opts []Option, check func(*config) error) error {
	if check == nil {
		check = unkeyed
	}
	l, err := openSlice(ctx, items, b, opts, check)
	if err != nil {
		return err
	}
	if l.window > 0 {
		return fmt.Errorf("%w: Window is for streams: a slice is there already, and so is the place for its results", ErrOption)
	}
	if l.engine.Remote != nil && !l.journaled.on() {
		return runRemote(l, items, out, nil, b)
	}
	return runLocal(l, items, out, nil, b)
}

func openSlice[In, Out any](ctx context.Context, items []In, b body[In, Out], opts []Option, check func(*config) error) (*loop, error) {
	l, err := open(ctx, b.name, opts)
	if err != nil {
		return nil, err
	}
	if err := b.check(l); err != nil {
		return nil, err
	}
	if err := labelled(l, func(i int) In { return items[i] }); err != nil {
		return nil, err
	}
	return l, check(l.config)
}

// runLocal runs a loop on goroutines of this process. Results go to their places
// in out, or are summed up, or are not wanted.
func runLocal[In, Out any](l *loop, items []In, out []Out, sum *partials[Out], b body[In, Out]) error {
	if l.attempts > 1 || l.gated() || l.journaled.on() {
		return runThrough(l, items, out, b)
	}
	width := min(l.width(defaultInFlight), len(items))
	l.begin(width, len(items))
	s := &sliceLoop[In, Out]{loop: l, body: b, items: items, out: out, sum: sum,
		chunks: chunks{n: len(items), workers: max(width, 1), fixed: l.chunk}}
	s.run()
	if sum != nil {
		sum.gather(l)
	}
	return l.close(s.claimed(), len(items), false)
}

// runThrough runs a loop over a slice as a stream, whose tasks can wait.
func runThrough[In, Out any](l *loop, items []In, out []Out, b body[In, Out]) error {
	// The items and the places for their results are there already, so results
	// need no order and those that wait may be many.
	most := 4096
	if l.gated() {
		most = slicedWindow // items at a limit are not to hold up the others
	}
	l.inOrder, l.window = false, min(len(items)+1, most)
	if err := eraseOptions[In](l.config); err != nil {
		return err
	}
	boxes := func(yield func(any, error) bool) {
		for i := range items {
			if !yield(items[i], nil) {
				return
			}
		}
	}
	sink := func(i int, result any) {
		if out != nil {
			out[i] = unbox[Out](result)
		}
	}
	s, err := newStream(l, boxes, eraseBody(&b), eraseCoding(&b), len(items), func(i int) any { return items[i] }, sink)
	if err != nil {
		return err
	}
	return s.finish()
}

// unkeyed refuses the rule for double keys in loops that have none.
func unkeyed(c *config) error {
	if c.dupGiven {
		return fmt.Errorf("%w: OnDuplicate is for ByKey and Associate", ErrOption)
	}
	return nil
}

// runRemote is runLocal on an executor that has its workers elsewhere.
func runRemote[In, Out any](l *loop, items []In, out []Out, sum *combiner[Out], b body[In, Out]) error {
	if l.gated() {
		return runThrough(l, items, out, b)
	}
	l.begin(l.engine.Remote.Slots(), len(items))
	j, err := newSliceJob(l, b, items, out)
	if err == nil {
		l.lookAt(j.stuck)
		j.sum = sum
		err = j.run()
	}
	if err != nil {
		l.abort(err)
		l.close(0, len(items), false)
		return err
	}
	return l.close(j.finish(), len(items), false)
}

// Range returns the numbers 0 to n-1, to loop over: Map(ctx, Range(500), post).
func Range(n int) []int {
	numbers := make([]int, max(n, 0))
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}
