package parfor

import "runtime/debug"

// partial is what some results came to. It is 64 bytes and more apart from the
// next, whose owner is another worker.
type partial[Out any] struct {
	val    Out
	some   bool // val is one
	broken bool // combine did not return: there is no outcome
	_      [64]byte
}

// add combines one more result. If combine panics or calls Goexit that ends the
// loop, and add reports false, or does not return.
func (p *partial[Out]) add(l *loop, combine func(a, b Out) Out, out Out) (ok bool) {
	if p.broken {
		return false
	}
	if !p.some {
		p.val, p.some = out, true
		return true
	}
	defer func() {
		if !ok {
			p.broken = true
			l.combineFailed(recover())
		}
	}()
	p.val = combine(p.val, out)
	return true
}

// result is what Reduce returns.
func (p *partial[Out]) result(err error) (Out, error) {
	if p.broken {
		var none Out
		return none, err
	}
	return p.val, err
}

// combineError is why a loop ended whose combine function did not return.
type combineError struct{ err error }

func (e *combineError) Error() string { return "parfor: combine: " + trimPrefix(e.err.Error()) }
func (e *combineError) Unwrap() error { return e.err }

// combineFailed ends the loop because combine panicked with v, or called Goexit.
func (l *loop) combineFailed(v any) {
	if v != nil && l.crash {
		panic(v)
	}
	var err error = ErrGoexit
	if v != nil {
		err = &PanicError{Value: v, Stack: debug.Stack()}
	}
	l.abort(&combineError{err})
}

// partials are the outcomes of the workers of a loop in this process, each
// touched by its own worker alone.
type partials[Out any] struct {
	combine func(a, b Out) Out
	of      []partial[Out]
}

func newPartials[Out any](combine func(a, b Out) Out, workers int) *partials[Out] {
	return &partials[Out]{combine, make([]partial[Out], workers)}
}

// fold adds a result to what its worker has. If it reports false, or does not
// return, the loop has ended; the items [next, hi) of the chunk are skipped then.
func (s *sliceLoop[In, Out]) fold(worker int, out Out, next, hi int) (ok bool) {
	defer func() {
		if !ok {
			s.skip(next, hi)
		}
	}()
	return s.sum.of[worker].add(s.loop, s.sum.combine, out)
}

// gather combines what the workers have, in the first of them. It does so on a
// goroutine of its own, which combine may end.
func (p *partials[Out]) gather(l *loop) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		all := &p.of[0]
		for i := range p.of[1:] {
			next := &p.of[i+1]
			if all.broken = all.broken || next.broken; next.some && !all.broken {
				all.add(l, p.combine, next.val)
			}
		}
	}()
	<-over
}
