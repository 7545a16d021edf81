package parfor

import (
	"context"
	"fmt"
	"iter"

	"parfor.dev/parfor/internal/task"
)

// Result is a finished item of a stream.
type Result[In, Out any] struct {
	Index   int // position in the input, from 0
	In      In
	Out     Out
	Attempt int    // the one that decided, from 1
	Commit  uint64 // place of its dictionary writes in the commit order, 0 without writes
	Resumed bool   // it didn't run: a Journal had it, or a loop of a cluster that goes on
}

// Stream calls body for each item of seq and yields results as they finish, or
// in input order with [InOrder]. It is the primitive of the loops: items are
// pulled lazily, at most a window of them is taken and not yet yielded
// ([Window]), and memory is bounded by that, for infinite inputs too.
//
// There is one error channel. With [KeepGoing] an item that failed is yielded
// with its *TaskError (Index and In are set) and the stream goes on. Whatever
// ends the loop early (without KeepGoing the first failure; a cancelled
// context, a deadline, a panic in seq) comes last, once, as a *LoopError, after
// every result that was finished. Breaking out of the range cancels running
// bodies and waits for them; what they had committed stays.
//
// seq runs on a goroutine of the loop's. One that is blocked in its own read
// when the loop ends is not waited for. Bodies run on 32 goroutines by
// default; with [On] as many as the executor has room for. The returned
// iterator runs the loop anew each time it is ranged over.
func Stream[In, Out any](ctx context.Context, seq iter.Seq[In], fn func(context.Context, In) (Out, error), opts ...Option) iter.Seq2[Result[In, Out], error] {
	var source iter.Seq2[In, error]
	if seq != nil {
		source = withoutErrors(seq)
	}
	return runStream(ctx, source, bodyOf(fn), opts)
}

// StreamFrom is [Stream] over a source that can fail. An error of the source
// ends the loop: items before it are finished and yielded, then comes a
// *LoopError whose Cause is that error.
func StreamFrom[In, Out any](ctx context.Context, seq iter.Seq2[In, error], fn func(context.Context, In) (Out, error), opts ...Option) iter.Seq2[Result[In, Out], error] {
	return runStream(ctx, seq, bodyOf(fn), opts)
}

func withoutErrors[In any](seq iter.Seq[In]) iter.Seq2[In, error] {
	return func(yield func(In, error) bool) {
		seq(func(in In) bool { return yield(in, nil) })
	}
}

// errBroken is why a loop stopped whose caller left the range.
var errBroken = task.ErrBroken

func runStream[In, Out any](ctx context.Context, seq iter.Seq2[In, error], b body[In, Out], opts []Option) iter.Seq2[Result[In, Out], error] {
	return yieldStream(func() (*stream[In, Out], error) { return openStream(ctx, seq, b, opts, nil) })
}

// yieldStream ranges over the stream that open starts.
func yieldStream[In, Out any](open func() (*stream[In, Out], error)) iter.Seq2[Result[In, Out], error] {
	return func(yield func(Result[In, Out], error) bool) {
		s, err := open()
		if err != nil {
			yield(Result[In, Out]{}, err)
			return
		}
		whole := s.consume(func(r Result[In, Out], err error) bool {
			return s.asTask(func() bool { return yield(r, err) })
		})
		if whole && s.ended != nil && s.unreported(s.ended) {
			yield(Result[In, Out]{}, s.ended)
		}
	}
}

// consume gives what finishes to yield, until that returns false, panics or
// calls Goexit, and ends the loop, whose error it leaves in s.ended. It returns
// whether yield stayed to the end.
func (s *stream[In, Out]) consume(yield func(Result[In, Out], error) bool) (whole bool) {
	defer func() {
		if !whole {
			s.abort(errBroken)
			s.drain()
			if s.journal != nil {
				s.sumUpJournal(false)
			}
			s.ended = s.close(s.taken, s.known, false)
		}
	}()
	for {
		ref, more := s.next()
		if !more {
			break
		}
		e := &s.entries[ref]
		r := Result[In, Out]{Index: e.index, In: e.in, Out: e.out, Attempt: e.attempt, Commit: e.commit, Resumed: e.resumed}
		var err error
		if e.failed != nil {
			err = e.failed
		}
		s.free(ref)
		if !yield(r, err) {
			return false
		}
	}
	whole = true
	blocked := s.drain()
	taken, total := s.counts()
	if s.journal != nil {
		s.sumUpJournal(taken == total)
	}
	s.ended = s.close(taken, max(total, s.known), blocked)
	return true
}

// finish waits for the end of a stream that has a sink.
func (s *stream[In, Out]) finish() error {
	s.consume(func(Result[In, Out], error) bool { return true }) // nothing comes
	return s.ended
}

// unreported reports whether the loop's error says more than the item errors
// that were yielded already.
func (s *stream[In, Out]) unreported(err error) bool {
	le, ok := err.(*LoopError)
	return !ok || !s.keepGoing || le.Cause != nil || le.SourceBlocked
}

func openStream[In, Out any](ctx context.Context, seq iter.Seq2[In, error], b body[In, Out], opts []Option, sink func(i int, out Out)) (*stream[In, Out], error) {
	l, err := open(ctx, b.name, opts)
	if err != nil {
		return nil, err
	}
	if seq == nil {
		return nil, fmt.Errorf("%w: the source is nil", ErrOption)
	}
	if err := b.check(l); err != nil {
		return nil, err
	}
	if err := unkeyed(l.config); err != nil {
		return nil, err
	}
	return newStream(l, seq, b, codingOf(&b), -1, nil, sink)
}
