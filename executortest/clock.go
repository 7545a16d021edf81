package executortest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

// clockChecks are about when things happen, on the fake clock of a synctest
// bubble: exact, and without waiting. Loops start their goroutines from their
// caller, which is what makes a bubble work.
var clockChecks = []check{
	{"Clock_AllSlotsAreUsed", inProcess, bubble(allSlotsUsed)},
	{"Clock_DefaultIs32InFlight", 1 << Goroutines, bubble(default32)},
	{"Clock_TimeoutCountsFromTheStart", inProcess, bubble(timeoutFromStart)},
	{"Clock_TimeoutTook", inProcess, bubble(timeoutTook)},
	{"Clock_DeafBodyIsWaitedFor", inProcess, bubble(deafBody)},
	{"Clock_StallIsReported", inProcess, bubble(stallReported)},
	{"Clock_GoexitIsNoStall", inProcess, bubble(goexitNoStall)},
	{"Clock_Abandon", inProcess, bubble(abandoned)},
	{"C09_Clock_LoopDeadline", inProcess, bubble(clockDeadline)},
	{"C10_Clock_BreakCancels", inProcess, bubble(breakCancels)},
	{"Clock_FailureCancelsSiblingsAtOnce", 1 << Goroutines, bubble(siblingsAtOnce)},
	{"Clock_LoopsTakeTurns", inProcess, bubble(takeTurns)},
	{"Clock_BlockedSourceIsLeft", inProcess, bubble(blockedSource)},
	{"Clock_SlowSourceIsNoBusyLoop", inProcess, bubble(slowSource)},
}

// bubble runs a check on a fake clock with an executor of its own.
func bubble(run func(t *testing.T, s *subject, x parfor.Executor)) func(*testing.T, *subject) {
	return func(t *testing.T, s *subject) {
		synctest.Test(t, func(t *testing.T) {
			x := s.open(t, 2)
			defer x.Close()
			run(t, s, x)
		})
	}
}

// sleep takes its input's time, or until its context ends.
func sleep(ctx context.Context, d time.Duration) (time.Duration, error) {
	select {
	case <-time.After(d):
		return d, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// deaf takes its time whatever its context says.
func deaf(_ context.Context, d time.Duration) (time.Duration, error) {
	time.Sleep(d)
	return d, nil
}

func many(n int, d time.Duration) []time.Duration {
	return slices.Repeat([]time.Duration{d}, n)
}

func took(t *testing.T, what string, begin time.Time, want time.Duration) {
	t.Helper()
	if d := time.Since(begin); d != want {
		t.Errorf("%s took %v, want exactly %v", what, d, want)
	}
}

func allSlotsUsed(t *testing.T, s *subject, x parfor.Executor) {
	begin := time.Now()
	if _, err := parfor.Map(t.Context(), many(10, time.Second), sleep, parfor.On(x)); err != nil {
		t.Fatal(err)
	}
	took(t, "10 items of 1 s", begin, 10*time.Second/time.Duration(s.room(2)))
	begin = time.Now()
	for _, err := range parfor.Stream(t.Context(), slices.Values(many(10, time.Second)), sleep, parfor.On(x)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	took(t, "10 items of 1 s as a stream", begin, 10*time.Second/time.Duration(s.room(2)))
}

func default32(t *testing.T, _ *subject, _ parfor.Executor) {
	begin := time.Now()
	parfor.Map(t.Context(), many(64, time.Second), sleep)
	took(t, "64 items of 1 s with no options", begin, 2*time.Second)
}

func timeoutFromStart(t *testing.T, s *subject, x parfor.Executor) {
	_, err := parfor.Map(t.Context(), many(10, 60*time.Millisecond), sleep, parfor.On(x), parfor.Timeout(100*time.Millisecond))
	if err != nil {
		t.Errorf("the wait for a slot counts against the limit: %v", err)
	}
}

func timeoutTook(t *testing.T, s *subject, x parfor.Executor) {
	begin := time.Now()
	_, err := parfor.Map(t.Context(), many(1, time.Hour), sleep, parfor.On(x), parfor.Timeout(time.Second), parfor.Attempts(3))
	took(t, "3 attempts of 1 s", begin, 3*time.Second)
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || te.Took != time.Second || te.Limit != time.Second {
		t.Errorf("%+v", te)
	}
}

// On goroutines the attempt ends when the body returns, is then a timeout
// whatever it returned, and only then is tried again.
func deafBody(t *testing.T, s *subject, x parfor.Executor) {
	begin := time.Now()
	_, err := parfor.Map(t.Context(), many(1, 5*time.Second), deaf, parfor.On(x), parfor.Timeout(time.Second), parfor.Grace(time.Hour), parfor.Attempts(2))
	took(t, "2 attempts of a body of 5 s", begin, 10*time.Second)
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || te.Took != 5*time.Second {
		t.Errorf("%+v", te)
	}
}

// watcher keeps the stalls it is told of.
type watcher struct {
	mu     sync.Mutex
	stalls []observe.Event
	end    observe.End
}

func (*watcher) Start(observe.Start) {}
func (*watcher) Frame(observe.Frame) {}
func (w *watcher) Event(e observe.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Kind == observe.Stalled {
		w.stalls = append(w.stalls, e)
	}
}
func (w *watcher) End(e observe.End) { w.end = e }

func stallReported(t *testing.T, s *subject, x parfor.Executor) {
	w := &watcher{}
	parfor.Map(t.Context(), []time.Duration{0, 5 * time.Second}, deaf, parfor.On(x), parfor.Timeout(time.Second), parfor.Grace(time.Second), parfor.Observe(w), parfor.KeepGoing())
	if len(w.stalls) != 1 || w.stalls[0].Index != 1 || !strings.Contains(string(w.stalls[0].Stack), "executortest.deaf") {
		t.Errorf("stalls: %+v", w.stalls)
	}
}

func goexitNoStall(t *testing.T, s *subject, x parfor.Executor) {
	w := &watcher{}
	_, err := parfor.Map(t.Context(), []Step{{Do: exits}, {N: 1}, {N: 2}}, func(ctx context.Context, s Step) (Reply, error) {
		if s.Do == answer {
			time.Sleep(1500 * time.Millisecond) // late, and back within the grace
		}
		return s.run(ctx)
	}, parfor.On(x), parfor.Workers(1), parfor.Timeout(time.Second), parfor.Grace(time.Second), parfor.Observe(w), parfor.KeepGoing())
	equal(t, "failed", failedItems(err), []int{0, 1, 2})
	if len(w.stalls) > 0 {
		t.Errorf("a body that ended with Goexit is reported as stalled: %+v", w.stalls)
	}
}

func abandoned(t *testing.T, s *subject, x parfor.Executor) {
	begin := time.Now()
	out, err := parfor.Map(t.Context(), []time.Duration{time.Minute, time.Second}, deaf, parfor.On(x),
		parfor.Timeout(2*time.Second), parfor.Grace(time.Second), parfor.Abandon(), parfor.KeepGoing())
	took(t, "leaving a body behind", begin, map[Kind]time.Duration{Sequential: 4 * time.Second, Goroutines: 3 * time.Second}[s.kind])
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || !te.Abandoned || !strings.Contains(string(te.Stack), "executortest.deaf") {
		t.Errorf("%+v", te)
	}
	if out[0] != 0 || out[1] != time.Second {
		t.Errorf("results %v", out)
	}
	time.Sleep(time.Hour) // the bubble ends when the body has returned
	if out[0] != 0 {
		t.Error("a body that was left behind wrote a result")
	}
}

// KeepGoing: items of 10 ms under a limit of 35: three per slot.
func clockDeadline(t *testing.T, s *subject, x parfor.Executor) {
	begin, got := time.Now(), 0
	var last error
	for _, err := range parfor.Stream(t.Context(), slices.Values(many(100, 10*time.Millisecond)), sleep, parfor.On(x), parfor.LoopTimeout(35*time.Millisecond), parfor.KeepGoing()) {
		if last = err; err == nil {
			got++
		}
	}
	took(t, "the loop", begin, 35*time.Millisecond)
	mustBe(t, last, parfor.ErrLoopTimeout)
	if want := 3 * s.room(2); got != want {
		t.Errorf("%d results, want %d", got, want)
	}
}

func breakCancels(t *testing.T, s *subject, x parfor.Executor) {
	begin := time.Now()
	in := many(10, time.Hour)
	in[0] = time.Second
	for range parfor.Stream(t.Context(), slices.Values(in), sleep, parfor.On(x)) {
		break
	}
	took(t, "a range left after 1 s", begin, time.Second)
}

func siblingsAtOnce(t *testing.T, s *subject, x parfor.Executor) {
	begin := time.Now()
	_, err := parfor.Map(t.Context(), []time.Duration{time.Hour, 0}, func(ctx context.Context, d time.Duration) (time.Duration, error) {
		if d == 0 {
			time.Sleep(time.Second)
			explode(1)
		}
		return sleep(ctx, d)
	}, parfor.On(x))
	took(t, "a loop with a panic after 1 s", begin, time.Second)
	equal(t, "failed", failedItems(err), []int{1})
}

// Two loops of the same size on one executor end together: they take turns.
func takeTurns(t *testing.T, s *subject, x parfor.Executor) {
	begin := time.Now()
	var ends [2]time.Duration
	var both sync.WaitGroup
	for i := range ends {
		both.Go(func() {
			parfor.Map(t.Context(), many(10, time.Second), sleep, parfor.On(x))
			ends[i] = time.Since(begin)
		})
	}
	both.Wait()
	if gap := (ends[0] - ends[1]).Abs(); gap > 2*time.Second {
		t.Errorf("the loops ended %v and %v after their start: one waited for the other", ends[0], ends[1])
	}
}

func blockedSource(t *testing.T, s *subject, x parfor.Executor) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stuck := make(chan struct{})
	source := func(yield func(time.Duration) bool) {
		yield(time.Second)
		<-stuck
	}
	begin := time.Now()
	time.AfterFunc(5*time.Second, func() { cancel(errMind) })
	var last error
	for _, err := range parfor.Stream(ctx, source, sleep, parfor.On(x)) {
		last = err
	}
	mustBe(t, last, errMind)
	if !loopError(t, last).SourceBlocked || time.Since(begin) > 6*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), last)
	}
	close(stuck)
}

// A result is yielded when it is finished, though the source takes its time.
func slowSource(t *testing.T, s *subject, x parfor.Executor) {
	begin := time.Now()
	source := func(yield func(time.Duration) bool) {
		for range 3 {
			time.Sleep(10 * time.Second)
			if !yield(time.Second) {
				return
			}
		}
	}
	at := 10 * time.Second
	for _, err := range parfor.Stream(t.Context(), source, sleep, parfor.On(x)) {
		if err != nil {
			t.Fatal(err)
		}
		took(t, "a result", begin, at+time.Second)
		at += 10 * time.Second
	}
}
