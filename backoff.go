package parfor

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// Backoff makes a loop wait before a further attempt of a task: a random time up
// to first before the second attempt, up to twice that before the third, and so
// on, never more than most. That is exponential backoff with full jitter (Brooker,
// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): tasks that failed
// together don't come back together. It says how to wait, [Attempts] how often to
// try.
//
// An error that asks for more, by a method RetryAfter() time.Duration as those of
// [RetryAfter] have, is waited for, and up to a tenth longer. A task that waits
// holds no worker: others run meanwhile. Default: no wait but what errors ask for.
func Backoff(first, most time.Duration) Option {
	return func(c *config) error {
		c.backoff = backoff{first, most}
		if first <= 0 || most < first {
			return fmt.Errorf("Backoff(%v, %v): must be positive, and the second at least the first", first, most)
		}
		return nil
	}
}

// backoff bounds the waits before further attempts; the zero one has none.
type backoff struct{ first, most time.Duration }

// before is how long to wait after the given attempt, from 1, failed with err.
func (b backoff) before(attempt int, err error) time.Duration {
	wait := time.Duration(0)
	if b.first > 0 {
		bound := b.most
		if attempt < 63 && b.first <= b.most>>(attempt-1) {
			bound = b.first << (attempt - 1)
		}
		wait = rand.N(bound)
	}
	if asked := min(askedFor(err), longest); asked > 0 {
		wait = max(wait, asked+rand.N(asked/10+1))
	}
	return wait
}

// longest is the most that an error is waited for: a tenth more still is a
// duration.
const longest = math.MaxInt64 / 2

// askedFor is how long the error asks to be waited for, 0 if it doesn't.
func askedFor(err error) (wait time.Duration) {
	defer func() { _ = recover() }() // a nil pointer may have the method
	var r interface{ RetryAfter() time.Duration }
	if err != nil && as(err, &r) {
		return max(r.RetryAfter(), 0)
	}
	return 0
}

// RetryAfter returns err with a wish: that a further attempt comes no sooner than
// d from now. A body returns it when a server said so (429 or 503 with a
// Retry-After header; see package httpstatus). It changes neither the text nor
// what errors.Is and errors.As find, and arrives from worker processes. A nil err
// is nil.
func RetryAfter(d time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &laterError{err, max(d, 0)}
}

type laterError struct {
	err  error
	wait time.Duration
}

func (e *laterError) Error() string             { return textOf(e.err) }
func (e *laterError) Unwrap() error             { return e.err }
func (e *laterError) RetryAfter() time.Duration { return e.wait }

// Permanent returns err marked as one that no further attempt mends: the task
// fails at once, whatever [Attempts] says. It changes neither the text nor what
// errors.Is and errors.As find, and arrives from worker processes. A nil err is
// nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &finalError{err}
}

// IsPermanent reports whether err, or an error that it wraps, is marked by
// [Permanent].
func IsPermanent(err error) bool {
	var final *finalError
	return as(err, &final)
}

type finalError struct{ err error }

func (e *finalError) Error() string { return textOf(e.err) }
func (e *finalError) Unwrap() error { return e.err }

// AttemptIf says which failures deserve a further attempt, within the number that
// [Attempts] gives: those for which f is true. It sees what the body returned, on
// every executor, and also *PanicError, *TimeoutError, and *WorkerError for a
// worker process that died; the default is all of them. It is not asked about
// [Permanent] errors, and for conflicts only where [OnConflict] leaves them to
// Attempts. f may be called several times for one failure, concurrently, and must
// be quick. A panic in f means no, and is part of the task's error.
func AttemptIf(f func(error) bool) Option {
	return func(c *config) error {
		c.attemptIf = f
		if f == nil {
			return errors.New("AttemptIf(nil): give a function")
		}
		return nil
	}
}

// AttemptBudget bounds the further attempts of the whole loop, so that an outage
// of what the bodies call doesn't multiply the load on it: there may be ten, and
// ratio for each item that was tried, at most a hundred times ratio of them at
// once. A task that fails when none is left fails for good; its error Is
// [ErrBudget]. So AttemptBudget(0.2) adds a fifth to the load at most. It is a
// token bucket, as in Finagle's RetryBudget and gRPC's retry throttling (gRFC A6).
// Default: no bound but Attempts.
func AttemptBudget(ratio float64) Option {
	return func(c *config) error {
		c.budget = ratio
		if !(ratio > 0 && ratio <= 100) {
			return fmt.Errorf("AttemptBudget(%v): must be positive, and at most 100", ratio)
		}
		return nil
	}
}

// ErrBudget means that a task was not tried again, because the loop had no further
// attempt left: see [AttemptBudget].
var ErrBudget = errors.New("parfor: the loop's budget of further attempts is used up")

// again reports whether a failed attempt is to be followed by another. Asked
// twice about an attempt it says the same.
func (p *policy) again(index, attempt int, err error) bool {
	return attempt < p.attempts && !p.stop.Load() && p.worthwhile(err) && p.allowance.allows(index, attempt)
}

// worthwhile reports whether another attempt may end otherwise.
func (p *policy) worthwhile(err error) bool {
	if _, no := err.(*permanent); no {
		return false
	}
	if is(err, ErrKilled) {
		return false
	}
	if IsPermanent(err) {
		return false
	}
	yes, _ := p.judge(err)
	return yes
}

// judge asks AttemptIf. A panic in it means no, and is told with the failure.
func (p *policy) judge(err error) (yes bool, failed error) {
	if p.attemptIf == nil {
		return true, nil
	}
	defer func() {
		if v := recover(); v != nil {
			failed = fmt.Errorf("parfor: AttemptIf: %w", &PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	return p.attemptIf(err), nil
}

// explain says of the failure of a task that had attempts left why it wasn't
// tried again, where its own text doesn't.
func (p *policy) explain(index, attempt int, err error) error {
	if attempt >= p.attempts || p.attemptIf == nil && p.allowance == nil {
		return err
	}
	if _, no := err.(*permanent); no || IsPermanent(err) {
		return err
	}
	yes, failed := p.judge(err)
	switch {
	case failed != nil:
		return errors.Join(err, failed)
	case !yes || p.allowance.allows(index, attempt):
		return err
	}
	return &budgetError{err}
}

// budgetError is the last failure of a task that was not tried again.
type budgetError struct{ err error }

func (e *budgetError) Error() string {
	return textOf(e.err) + " (" + trimPrefix(ErrBudget.Error()) + ")"
}
func (e *budgetError) Unwrap() error        { return e.err }
func (e *budgetError) Is(target error) bool { return target == ErrBudget }
