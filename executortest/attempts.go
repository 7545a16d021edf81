package executortest

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"parfor.dev/parfor"
)

// attemptChecks are about what is tried again, and when. Tests on a fake clock
// have the exact times of executors of this process; here is what holds
// everywhere.
var attemptChecks = []check{
	{"AttemptsBackoffCounts", 0, backoffCounts},
	{"RetryAfterIsHonoured", 0, retryAfterHonoured},
	{"RetryAfterHoldsNoWorker", 0, retryAfterHoldsNone},
	{"PermanentStops", 0, permanentStops},
	{"AttemptIfSeesTheBodysError", 0, attemptIfSees},
	{"AttemptIfOfTimeouts", 0, attemptIfOfTimeouts},
	{"AttemptIfOfDeaths", onProcesses, attemptIfOfDeaths},
	{"AttemptBudgetBoundsAnOutage", 0, budgetBounds},
	{"AttemptBudgetIsEarned", 0, budgetEarned},
	{"WaitsEndWithTheLoop", 0, waitsEnd},
	{"FutureWaitsAndIsNoMorePending", 0, futureWaits},
	{"FuturePermanent", 0, futurePermanent},
}

const (
	refuseFinally Action = "fail for good"
	asks          Action = "fail, and ask for 40 ms"
	asksAnHour    Action = "fail, and ask for an hour"
)

const wish = 40 * time.Millisecond

func attemptsOf(t *testing.T, hows ...Action) (tally, []attempt) {
	c := newTally(t)
	in := make([]attempt, len(hows))
	for i, how := range hows {
		in[i] = attempt{Item: i, Good: 99, How: how, Dir: c.dir}
	}
	return c, in
}

// KeepGoing: the counters are the truth, however long tasks wait.
func backoffCounts(t *testing.T, s *subject) {
	for _, stream := range []bool{false, true} {
		in, ok, failed, retried := mixed(t)
		w := &watcher{}
		opts := s.on(2, parfor.Attempts(2), parfor.Backoff(time.Millisecond, 5*time.Millisecond), parfor.KeepGoing(), parfor.Observe(w))
		if stream {
			for range parfor.Stream(within(t), slices.Values(in), persist, opts...) {
			}
		} else {
			parfor.Map(within(t), in, persist, opts...)
		}
		w.judge(t, ok, failed, retried, w.end.Err)
	}
}

// Default mode: never sooner than asked.
func retryAfterHonoured(t *testing.T, s *subject) {
	c, in := attemptsOf(t, asks)
	begin := time.Now()
	_, err := parfor.Map(within(t), in, persist, s.on(2, parfor.Attempts(3), parfor.Backoff(1, 2))...)
	if took := time.Since(begin); took < 2*wish {
		t.Errorf("3 attempts took %v, though each failure asks for %v", took, wish)
	}
	if n := c.of(t, 0); n != 3 || !errors.Is(err, errRefused) {
		t.Errorf("%d attempts, %v", n, err)
	}
}

// Default mode: on a single worker, others run while an item waits.
func retryAfterHoldsNone(t *testing.T, s *subject) {
	_, in := attemptsOf(t, asks, answer, answer, answer)
	in[0].Good = 2
	for i := range in[1:] {
		in[1+i].Good = 1
	}
	var order []int
	for r, err := range parfor.Stream(within(t), slices.Values(in), persist, s.on(1, parfor.Attempts(2))...) {
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, r.Index)
	}
	equal(t, "order of results", order, []int{1, 2, 3, 0})
}

// Default mode.
func permanentStops(t *testing.T, s *subject) {
	c, in := attemptsOf(t, refuseFinally)
	_, err := parfor.Map(within(t), in, persist, s.on(2, parfor.Attempts(5))...)
	if n := c.of(t, 0); n != 1 {
		t.Errorf("%d attempts", n)
	}
	f := parfor.Failed(err)[0]
	var code *codeError
	if !errors.Is(f, errRefused) || !errors.As(f, &code) || *code != (codeError{404, "example.org"}) ||
		f.Error() != "asking: executortest: refused: code 404 from example.org" {
		t.Errorf("the failure is %v", f)
	}
}

// KeepGoing: f is told the same as the caller.
func attemptIfSees(t *testing.T, s *subject) {
	c, in := attemptsOf(t, refuse, rich, panics, exits, mute)
	_, err := parfor.Map(within(t), in, persist, s.on(2, parfor.Attempts(2), parfor.KeepGoing(), parfor.AttemptIf(func(err error) bool {
		var code *codeError
		var p *parfor.PanicError
		return errors.Is(err, errRefused) || errors.As(err, &code) && code.Code == 503 || errors.As(err, &p) || errors.Is(err, parfor.ErrGoexit)
	}))...)
	equal(t, "failed", failedItems(err), []int{0, 1, 2, 3, 4})
	for i, want := range []int{2, 2, 2, 2, 1} {
		if n := c.of(t, i); n != want {
			t.Errorf("%q: %d attempts, want %d", in[i].How, n, want)
		}
	}
}

// Default mode.
func attemptIfOfTimeouts(t *testing.T, s *subject) {
	for want, again := range map[int]bool{1: false, 2: true} {
		c, in := attemptsOf(t, waits)
		_, err := parfor.Map(within(t), in, persist, s.on(2, parfor.Timeout(50*time.Millisecond), parfor.Attempts(2), parfor.AttemptIf(func(err error) bool {
			var te *parfor.TimeoutError
			return errors.As(err, &te) == again
		}))...)
		mustBe(t, err, parfor.ErrTaskTimeout)
		if n := c.of(t, 0); n != want {
			t.Errorf("tried again: %v, yet %d attempts", again, n)
		}
	}
}

// Default mode: a dead worker is a failure like others, to be chosen.
func attemptIfOfDeaths(t *testing.T, s *subject) {
	for _, again := range []bool{false, true} {
		g := openGate(t)
		_, err := parfor.Map(within(t), []Step{{At: g.address(), Do: exit7}}, die, s.on(2, parfor.Attempts(2), parfor.Backoff(1, time.Millisecond),
			parfor.AttemptIf(func(err error) bool {
				var we *parfor.WorkerError
				return errors.As(err, &we) && we.ExitCode == 7 && again
			}))...)
		want := []int{0}
		if again {
			want = []int{0, 0}
		}
		equal(t, "attempts", g.visits(), want)
		equal(t, "failed", failedItems(err), []int{0})
	}
}

// KeepGoing: an outage costs ten further attempts and ratio of the items.
func budgetBounds(t *testing.T, s *subject) {
	for _, stream := range []bool{false, true} {
		const n = 60
		c, in := attemptsOf(t, slices.Repeat([]Action{refuse}, n)...)
		w := &watcher{}
		opts := s.on(2, parfor.Attempts(4), parfor.AttemptBudget(0.1), parfor.KeepGoing(), parfor.Observe(w))
		var spent int
		if stream {
			for _, err := range parfor.Stream(within(t), slices.Values(in), persist, opts...) {
				if errors.Is(err, parfor.ErrBudget) {
					spent++
				}
			}
		} else {
			_, err := parfor.Map(within(t), in, persist, opts...)
			for _, f := range parfor.Failed(err) {
				if errors.Is(f, parfor.ErrBudget) && errors.Is(f, errRefused) {
					spent++
				}
			}
		}
		tried := 0
		for i := range in {
			tried += c.of(t, i)
		}
		if further := tried - n; further > 16 || further < 15 {
			t.Errorf("%d further attempts, want 15 or 16", further)
		}
		if spent < n-6 { // three further attempts each make five items whole
			t.Errorf("%d of %d items say that the budget is used up", spent, n)
		}
		w.judge(t, 0, n, int64(tried-n), w.end.Err)
	}
}

// Default mode: while most succeed, nobody is denied.
func budgetEarned(t *testing.T, s *subject) {
	for _, stream := range []bool{false, true} {
		const n = 200
		_, in := attemptsOf(t, slices.Repeat([]Action{refuse}, n)...)
		for i := range in {
			in[i].Good = 1
			if i%5 == 4 {
				in[i].Good = 2
			}
		}
		opts := s.on(2, parfor.Attempts(2), parfor.AttemptBudget(0.3))
		var err error
		if stream {
			for _, err = range parfor.Stream(within(t), slices.Values(in), persist, opts...) {
			}
		} else {
			_, err = parfor.Map(within(t), in, persist, opts...)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// KeepGoing: a loop that ends while a task waits an hour ends at once.
func waitsEnd(t *testing.T, s *subject) {
	for _, stream := range []bool{false, true} {
		c, in := attemptsOf(t, answer, asksAnHour)
		in[0].Good = 1
		ctx, cancel := cancelWith(t)
		var asked atomic.Bool
		opts := s.on(2, parfor.Attempts(3), parfor.KeepGoing(), parfor.AttemptIf(func(error) bool {
			if asked.CompareAndSwap(false, true) {
				time.AfterFunc(wish, func() { cancel(errMind) })
			}
			return true
		}))
		var err error
		if stream {
			for _, err = range parfor.Stream(ctx, slices.Values(in), persist, opts...) {
			}
		} else {
			_, err = parfor.Map(ctx, in, persist, opts...)
		}
		mustBe(t, err, errMind)
		le := loopError(t, err)
		if c.of(t, 1) != 1 || le.Done(1) || !le.Done(0) || le.Failed != 0 {
			t.Errorf("%d attempts, %v", c.of(t, 1), err)
		}
	}
}

// A future whose task waits can't be cancelled, and ends with its context.
func futureWaits(t *testing.T, s *subject) {
	c, in := attemptsOf(t, asksAnHour)
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	failed := make(chan struct{}, 8)
	f := parfor.Submit(ctx, s.executor(1), persist, in[0], parfor.Attempts(3), parfor.AttemptIf(func(error) bool {
		failed <- struct{}{}
		return true
	}))
	<-failed
	if f.State() == parfor.Pending || f.Cancel() {
		t.Errorf("a future that waits for its second attempt is %v", f.State())
	}
	if _, err := parfor.Submit(within(t), s.executor(1), square, 3).Result(within(t)); err != nil {
		t.Errorf("another one meanwhile: %v", err)
	}
	cancel()
	_, err := f.Result(within(t))
	mustBe(t, err, errRefused)
	if n := c.of(t, 0); n != 1 || f.State() != parfor.Finished {
		t.Errorf("%d attempts, %v", n, f.State())
	}
}

func futurePermanent(t *testing.T, s *subject) {
	c, in := attemptsOf(t, refuseFinally)
	_, err := parfor.Submit(within(t), s.executor(1), persist, in[0], parfor.Attempts(3)).Result(within(t))
	mustBe(t, err, errRefused)
	if n := c.of(t, 0); n != 1 {
		t.Errorf("%d attempts", n)
	}
	_, in = attemptsOf(t, refuse)
	in[0].Good = 3
	if v, err := parfor.Submit(within(t), s.executor(1), persist, in[0], parfor.Attempts(3)).Result(within(t)); v != 3 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}
