package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

var errDown = parfor.RegisterError(errors.New("down"))

// place is where a body can be tried, in a bubble of its own. Loopback, for
// loops, and the farm, for futures, encode as for worker processes.
type place struct {
	name  string
	slots int
	open  func() (parfor.Executor, func() error)
}

var places = []place{
	{"default", 32, func() (parfor.Executor, func() error) { return nil, func() error { return nil } }},
	{"sequential", 1, func() (parfor.Executor, func() error) { x := parfor.Sequential(); return x, x.Close }},
	{"goroutines", 2, func() (parfor.Executor, func() error) { x := parfor.Goroutines(2); return x, x.Close }},
	{"loopback", 2, func() (parfor.Executor, func() error) { x := &loopback{}; return x, x.Close }},
	{"farm", 2, func() (parfor.Executor, func() error) { x := newFarm(2); return x, x.Close }},
}

// everywhere runs a check on the fake clock, at each place.
func everywhere(t *testing.T, check func(t *testing.T, slots int, on parfor.Option)) {
	for _, p := range places[:4] {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x, closed := p.open()
				on := parfor.Chunk(1)
				if x != nil {
					on = parfor.On(x)
				}
				check(t, p.slots, on)
				if err := closed(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// logbook is what a check's body does, and what it saw. A body on another
// executor finds it here: tests of this package run one after another.
type logbook struct {
	mu    sync.Mutex
	begun map[int][]time.Time
	do    func(ctx context.Context, item, attempt int) error
}

var openBook atomic.Pointer[logbook]

func begin(do func(ctx context.Context, item, attempt int) error) *logbook {
	d := &logbook{begun: map[int][]time.Time{}, do: do}
	openBook.Store(d)
	return d
}

var diarist = parfor.RegisterAs("attempts_test.diarist", func(ctx context.Context, item int) (int, error) {
	d := openBook.Load()
	d.mu.Lock()
	d.begun[item] = append(d.begun[item], time.Now())
	n := len(d.begun[item])
	d.mu.Unlock()
	return item, d.do(ctx, item, n)
})

// attempts is how often the bodies ran, and tries is how often one did.
func (d *logbook) attempts() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.begun {
		n += len(b)
	}
	return n
}

func (d *logbook) tries(item int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.begun[item])
}

// waits are the times between the attempts of an item whose bodies take none.
func (d *logbook) waits(item int) (w []time.Duration) {
	b := d.begun[item]
	for i := 1; i < len(b); i++ {
		w = append(w, b[i].Sub(b[i-1]))
	}
	return w
}

func always(err error) func(context.Context, int, int) error {
	return func(context.Context, int, int) error { return err }
}

// totals keeps what observers are told at the end.
type totals struct {
	mu  sync.Mutex
	end observe.Totals
}

func (*totals) Start(observe.Start) {}
func (*totals) Frame(observe.Frame) {}
func (*totals) Event(observe.Event) {}
func (o *totals) End(e observe.End) { o.mu.Lock(); o.end = e.Frame.Totals; o.mu.Unlock() }

func (o *totals) are(t *testing.T, ok, failed, retried int64) {
	t.Helper()
	if n := o.end; n.OK != ok || n.Failed != failed || n.Retried != retried {
		t.Errorf("counted %d ok, %d failed, %d retried, want %d, %d, %d", n.OK, n.Failed, n.Retried, ok, failed, retried)
	}
}

func TestBackoffIsFullJitterWithinBounds(t *testing.T) {
	everywhere(t, func(t *testing.T, slots int, on parfor.Option) {
		const n, tries = 60, 8
		d := begin(always(errDown))
		_, err := parfor.Map(t.Context(), parfor.Range(n), diarist, on, parfor.KeepGoing(), parfor.Attempts(tries),
			parfor.Backoff(time.Second, 10*time.Second))
		if len(parfor.Failed(err)) != n {
			t.Fatal(err)
		}
		for k := range tries - 1 {
			bound := min(time.Second<<k, 10*time.Second)
			var low, high int
			for i := range n {
				// A task that is due may have to wait for a worker, but for no time: bodies take none.
				w := d.waits(i)[k]
				if w < 0 || w > bound {
					t.Fatalf("item %d waited %v before attempt %d, want at most %v", i, w, k+2, bound)
				}
				if w < bound/4 {
					low++
				}
				if w > bound*3/4 {
					high++
				}
			}
			if low == 0 || high == 0 { // 0.75^60 is 3e-8
				t.Errorf("of %d waits before attempt %d, %d were short and %d long: no full jitter up to %v", n, k+2, low, high, bound)
			}
		}
	})
}

// Durations at the end of their range overflow nothing.
func TestBackoffOfTheLongestDurations(t *testing.T) {
	everywhere(t, func(t *testing.T, _ int, on parfor.Option) {
		for name, c := range map[string]struct {
			first, most time.Duration
			err         error
		}{
			"Backoff":    {math.MaxInt64, math.MaxInt64, errDown},
			"RetryAfter": {1, 2, parfor.RetryAfter(math.MaxInt64, errDown)},
		} {
			d, start := begin(always(c.err)), time.Now()
			_, err := parfor.Map(t.Context(), []int{0}, diarist, on, parfor.Attempts(70), parfor.Backoff(c.first, c.most), parfor.LoopTimeout(time.Hour))
			if n := d.tries(0); n != 1 || !errors.Is(err, parfor.ErrLoopTimeout) || time.Since(start) != time.Hour {
				t.Errorf("%s: %d attempts, after %v: %v", name, n, time.Since(start), err)
			}
		}
	})
}

// An error that asks for a time is never tried again sooner, and not much later.
func TestRetryAfterIsHonoured(t *testing.T) {
	const ask = 5 * time.Second
	everywhere(t, func(t *testing.T, _ int, on parfor.Option) {
		for name, c := range map[string]struct {
			err  error
			opts []parfor.Option
		}{
			"alone":         {parfor.RetryAfter(ask, errDown), nil},
			"nested":        {fmt.Errorf("post: %w", parfor.RetryAfter(ask, errDown)), nil},
			"joined":        {errors.Join(errors.New("one"), parfor.RetryAfter(ask, errDown)), nil},
			"short backoff": {parfor.RetryAfter(ask, errDown), []parfor.Option{parfor.Backoff(1, time.Second)}},
		} {
			d := begin(always(c.err))
			_, err := parfor.Map(t.Context(), []int{0}, diarist, append(c.opts, on, parfor.Attempts(4))...)
			if !errors.Is(err, errDown) {
				t.Errorf("%s: %v", name, err)
			}
			for _, w := range d.waits(0) {
				if w < ask || w > ask+ask/10 {
					t.Errorf("%s: waited %v for an error that asks for %v", name, w, ask)
				}
			}
			if n := d.tries(0); n != 4 {
				t.Errorf("%s: %d attempts", name, n)
			}
		}
	})
}

func TestRetryAfterChangesNothingElse(t *testing.T) {
	if parfor.RetryAfter(time.Second, nil) != nil || parfor.Permanent(nil) != nil {
		t.Error("nil is an error")
	}
	for _, err := range []error{parfor.RetryAfter(time.Second, errDown), parfor.Permanent(errDown), parfor.Permanent(parfor.RetryAfter(1, errDown))} {
		if err.Error() != errDown.Error() || !errors.Is(err, errDown) {
			t.Errorf("%v", err)
		}
	}
	var r interface{ RetryAfter() time.Duration }
	if !errors.As(parfor.RetryAfter(-1, errDown), &r) || r.RetryAfter() != 0 {
		t.Error("a negative wish")
	}
}

// asker is an error whose methods fail on a nil pointer.
type asker struct{ after time.Duration }

func (a *asker) Error() string             { return a.after.String() }
func (a *asker) RetryAfter() time.Duration { return a.after }

func TestAttemptsOfANilPointer(t *testing.T) {
	everywhere(t, func(t *testing.T, _ int, on parfor.Option) {
		d := begin(always((*asker)(nil)))
		_, err := parfor.Map(t.Context(), []int{0}, diarist, on, parfor.Attempts(3), parfor.Backoff(1, 2))
		if n := d.tries(0); n != 3 || err == nil {
			t.Errorf("%d attempts, %v", n, err)
		}
	})
}

// coded is an error that crosses with its field.
type coded struct{ Code int }

func (c *coded) Error() string { return fmt.Sprint("code ", c.Code) }

var _ = parfor.RegisterError((*coded)(nil))

func TestPermanentStops(t *testing.T) {
	everywhere(t, func(t *testing.T, _ int, on parfor.Option) {
		for name, c := range map[string]struct {
			err  error
			text string
		}{
			"alone":       {parfor.Permanent(fmt.Errorf("%w: %w", errDown, &coded{404})), "down: code 404"},
			"nested":      {fmt.Errorf("post: %w", parfor.Permanent(fmt.Errorf("%w: %w", errDown, &coded{404}))), "post: down: code 404"},
			"and a wish":  {parfor.Permanent(parfor.RetryAfter(time.Hour, fmt.Errorf("%w: %w", errDown, &coded{404}))), "down: code 404"},
			"under a one": {parfor.RetryAfter(time.Hour, parfor.Permanent(fmt.Errorf("%w: %w", errDown, &coded{404}))), "down: code 404"},
		} {
			d, start := begin(always(c.err)), time.Now()
			asked := false
			_, err := parfor.Map(t.Context(), []int{0}, diarist, on, parfor.Attempts(4), parfor.Backoff(time.Second, time.Minute),
				parfor.AttemptIf(func(error) bool { asked = true; return true }))
			if n := d.tries(0); n != 1 || asked || time.Since(start) != 0 {
				t.Errorf("%s: %d attempts, AttemptIf asked: %v, after %v", name, n, asked, time.Since(start))
			}
			var as *coded
			if f := parfor.Failed(err)[0]; f.Error() != c.text || !errors.Is(f, errDown) || !errors.As(f, &as) || as.Code != 404 {
				t.Errorf("%s: %v", name, f)
			}
		}
	})
}

// Whatever a body can end with, in process and behind an encoding.
func TestAttemptIfSeesWhatHappened(t *testing.T) {
	everywhere(t, func(t *testing.T, _ int, on parfor.Option) {
		for name, c := range map[string]struct {
			do func(context.Context, int, int) error
			is func(error) bool
		}{
			"error": {always(fmt.Errorf("post: %w", &coded{503})), func(err error) bool {
				var c *coded
				return errors.As(err, &c) && c.Code == 503 && err.Error() == "post: code 503"
			}},
			"panic": {func(context.Context, int, int) error { panic("boom") }, func(err error) bool {
				var p *parfor.PanicError
				return errors.As(err, &p) && fmt.Sprint(p.Value) == "boom"
			}},
		} {
			for _, again := range []bool{true, false} {
				want := 1
				if again {
					want = 3
				}
				d := begin(c.do)
				_, err := parfor.Map(t.Context(), []int{0}, diarist, on, parfor.Attempts(3), parfor.AttemptIf(func(err error) bool {
					return c.is(err) == again
				}))
				if n := d.tries(0); n != want || !c.is(parfor.Failed(err)[0]) {
					t.Errorf("%s, %v: %d attempts, %v", name, again, n, err)
				}
			}
		}
	})
}

func TestAttemptIfOfTimeoutsAndGoexit(t *testing.T) {
	for _, p := range places[:3] {
		t.Run(p.name, func(t *testing.T) {
			for name, c := range map[string]struct {
				do func(context.Context, int, int) error
				is func(error) bool
			}{
				"timeout": {func(ctx context.Context, _, _ int) error { <-ctx.Done(); return errDown }, func(err error) bool {
					var te *parfor.TimeoutError
					return errors.As(err, &te) && te.Limit == time.Second && !errors.Is(err, errDown)
				}},
				"Goexit": {func(context.Context, int, int) error { runtime.Goexit(); return nil }, func(err error) bool {
					return errors.Is(err, parfor.ErrGoexit)
				}},
			} {
				for _, again := range []bool{true, false} {
					synctest.Test(t, func(t *testing.T) {
						want := map[bool]int{true: 3, false: 1}[again]
						x, closed := p.open()
						on := parfor.Chunk(1)
						if x != nil {
							on = parfor.On(x)
						}
						d := begin(c.do)
						o := &totals{}
						parfor.Map(t.Context(), []int{0}, diarist, on, parfor.Timeout(time.Second), parfor.Observe(o),
							parfor.Attempts(3), parfor.Backoff(time.Second, time.Minute), parfor.AttemptIf(func(err error) bool { return c.is(err) == again }))
						if n := d.tries(0); n != want {
							t.Errorf("%s, %v: %d attempts", name, again, n)
						}
						o.are(t, 0, 1, int64(want-1))
						closed()
					})
				}
			}
		})
	}
}

// A panic in AttemptIf means no, and is not lost.
func TestAttemptIfPanics(t *testing.T) {
	everywhere(t, func(t *testing.T, _ int, on parfor.Option) {
		d := begin(always(errDown))
		_, err := parfor.Map(t.Context(), []int{0}, diarist, on, parfor.Attempts(3), parfor.AttemptIf(func(error) bool { panic("boom") }))
		var p *parfor.PanicError
		if n := d.tries(0); n != 1 || !errors.Is(err, errDown) || !errors.As(err, &p) || p.Value != "boom" {
			t.Errorf("%d attempts, %v", n, err)
		}
	})
}

// An outage in which everything fails costs ten further attempts, and ratio of
// the items.
func TestAttemptBudgetBoundsAnOutage(t *testing.T) {
	everywhere(t, func(t *testing.T, slots int, on parfor.Option) {
		for _, n := range []int{1, 5, 100, 1000} {
			for _, opts := range [][]parfor.Option{nil, {parfor.Backoff(time.Millisecond, time.Minute)}} {
				const ratio = 0.2
				d, o := begin(always(errDown)), &totals{}
				_, err := parfor.Map(t.Context(), parfor.Range(n), diarist, append(opts, on, parfor.Observe(o),
					parfor.Attempts(5), parfor.KeepGoing(), parfor.AttemptBudget(ratio))...)
				most := 10 + int(ratio*float64(n))
				further := d.attempts() - n
				if further > most || further < min(most-1, 4*n) {
					t.Errorf("%d items: %d further attempts, want at most %d and not many fewer", n, further, most)
				}
				failed := parfor.Failed(err)
				var le *parfor.LoopError
				if !errors.As(err, &le) || le.Failed != n {
					t.Errorf("%d items: %v", n, err)
				}
				for i, f := range failed {
					if !errors.Is(f, errDown) || errors.Is(f, parfor.ErrBudget) != (d.tries(i) < 5) {
						t.Fatalf("item %d failed with %v after %d attempts", i, f, d.tries(i))
					}
				}
				if o.end.Failed > 0 { // the pools of these tests count nothing
					o.are(t, 0, int64(n), int64(further))
				}
			}
		}
	})
}

// While most succeed, the budget denies nobody.
func TestAttemptBudgetIsEarned(t *testing.T) {
	everywhere(t, func(t *testing.T, slots int, on parfor.Option) {
		d := begin(func(_ context.Context, item, n int) error {
			if item%10 == 0 && n == 1 {
				return errDown
			}
			return nil
		})
		const n = 2000
		got := 0
		for r, err := range parfor.Stream(t.Context(), slices.Values(parfor.Range(n)), diarist, on, parfor.Attempts(2), parfor.AttemptBudget(0.2)) {
			if err != nil {
				t.Fatal(err)
			}
			if got++; r.Attempt != d.tries(r.Index) {
				t.Errorf("item %d: attempt %d, ran %d times", r.Index, r.Attempt, d.tries(r.Index))
			}
		}
		if got != n || d.attempts() != n+n/10 {
			t.Errorf("%d results, %d attempts", got, d.attempts())
		}
	})
}

// An item that waits an hour lets the others run, on a single worker, and
// another loop on a shared executor too.
func TestWaitingHoldsNoWorker(t *testing.T) {
	everywhere(t, func(t *testing.T, slots int, on parfor.Option) {
		start := time.Now()
		others := func() time.Duration { return time.Since(start) }
		var ended [300]time.Duration
		d := begin(func(_ context.Context, item, n int) error {
			if item < 200 && n == 1 {
				return parfor.RetryAfter(time.Hour, errDown)
			}
			ended[item] = others()
			return nil
		})
		_, err := parfor.Map(t.Context(), parfor.Range(len(ended)), diarist, on, parfor.Workers(1), parfor.Attempts(2))
		if err != nil || d.attempts() != 500 {
			t.Fatal(err, d.attempts())
		}
		for i, at := range ended {
			if i >= 200 && at != 0 || i < 200 && at < time.Hour {
				t.Errorf("item %d ended after %v", i, at)
			}
		}
	})
}

func TestWaitingHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := parfor.Goroutines(1)
		defer x.Close()
		begin(func(_ context.Context, _, n int) error {
			if n == 1 {
				return parfor.RetryAfter(time.Hour, errDown)
			}
			return nil
		})
		var both sync.WaitGroup
		start := time.Now()
		both.Go(func() { parfor.Map(t.Context(), []int{0}, diarist, parfor.On(x), parfor.Attempts(2)) })
		both.Go(func() { parfor.Submit(t.Context(), x, diarist, 1, parfor.Attempts(2)).Result(t.Context()) })
		synctest.Wait()
		if _, err := parfor.Map(t.Context(), []int{1, 2}, square, parfor.On(x)); err != nil || time.Since(start) != 0 {
			t.Errorf("another loop had to wait: %v, %v", time.Since(start), err)
		}
		both.Wait()
		if w := time.Since(start); w < time.Hour || w > 66*time.Minute {
			t.Errorf("took %v", w)
		}
	})
}

// Whatever ends a loop ends its waits in the same moment.
func TestWaitsEndWithTheLoop(t *testing.T) {
	errMind := errors.New("changed my mind")
	everywhere(t, func(t *testing.T, slots int, on parfor.Option) {
		for name, c := range map[string]struct {
			opts  []parfor.Option
			last  error // of item 9, after a minute
			cause error
		}{
			"cancel":      {cause: errMind},
			"LoopTimeout": {opts: []parfor.Option{parfor.LoopTimeout(time.Minute)}, cause: parfor.ErrLoopTimeout},
			"failure":     {last: parfor.Permanent(&coded{1})},
		} {
			for _, loop := range []string{"Map", "Stream", "InOrder"} {
				ctx, cancel := context.WithCancelCause(t.Context())
				d := begin(func(ctx context.Context, item, n int) error {
					switch {
					case item == 0:
						return nil
					case item < 9:
						return parfor.RetryAfter(time.Hour, errDown)
					case c.last != nil:
						time.Sleep(time.Minute)
						return c.last
					}
					return nil
				})
				start, o := time.Now(), &totals{}
				if name == "cancel" {
					time.AfterFunc(time.Minute, func() { cancel(errMind) })
				}
				opts := append(c.opts, on, parfor.Attempts(5), parfor.Observe(o))
				var err error
				if loop == "Map" {
					_, err = parfor.Map(ctx, parfor.Range(10), diarist, opts...)
				} else {
					if loop == "InOrder" {
						opts = append(opts, parfor.InOrder())
					}
					for _, err = range parfor.Stream(ctx, slices.Values(parfor.Range(10)), diarist, opts...) {
					}
				}
				if w := time.Since(start); w != time.Minute {
					t.Errorf("%s of %s: after %v", name, loop, w)
				}
				var le *parfor.LoopError
				if !errors.As(err, &le) || c.cause != nil && !errors.Is(err, c.cause) || errors.Is(err, errDown) {
					t.Fatalf("%s of %s: %v", name, loop, err)
				}
				for i := range 10 {
					if le.Done(i) != (i == 0 || i == 9 && c.last == nil) {
						t.Errorf("%s of %s: Done(%d) is %v", name, loop, i, le.Done(i))
					}
				}
				if d.attempts() != 10 {
					t.Errorf("%s of %s: %d attempts", name, loop, d.attempts())
				}
				if o.end.OK > 0 {
					o.are(t, int64(10-8-le.Failed), int64(le.Failed), 8)
				}
				cancel(nil)
			}
		}
	})
}

func TestWaitsEndWithBreak(t *testing.T) {
	everywhere(t, func(t *testing.T, slots int, on parfor.Option) {
		d := begin(func(_ context.Context, item, n int) error {
			if item > 0 {
				return parfor.RetryAfter(time.Hour, errDown)
			}
			time.Sleep(time.Second)
			return nil
		})
		start := time.Now()
		for range parfor.Stream(t.Context(), slices.Values(parfor.Range(10)), diarist, on, parfor.Attempts(5)) {
			break
		}
		if w := time.Since(start); w > 2*time.Second || d.attempts() > 10 {
			t.Errorf("after %v, %d attempts", w, d.attempts())
		}
	})
}

// An endless source whose items all wait stays within the window.
func TestWaitingTasksStayInTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin(always(parfor.RetryAfter(time.Hour, errDown)))
		taken := 0
		var source iter.Seq[int] = func(yield func(int) bool) {
			for ; yield(taken); taken++ {
			}
		}
		for range parfor.Stream(t.Context(), source, diarist, parfor.Attempts(3), parfor.Window(7), parfor.LoopTimeout(time.Minute)) {
		}
		if taken > 7 {
			t.Errorf("%d items taken", taken)
		}
	})
}

func TestPanicsAndGoexitAreTriedAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, slots int, on parfor.Option) {
		if len(t.Name()) > 8 && t.Name()[len(t.Name())-8:] == "loopback" {
			return // can't outlive Goexit
		}
		d := begin(func(_ context.Context, item, n int) error {
			switch {
			case n == 3:
				return nil
			case item%2 == 0:
				panic("boom")
			}
			runtime.Goexit()
			return nil
		})
		o := &totals{}
		out, err := parfor.Map(t.Context(), parfor.Range(50), diarist, on, parfor.Attempts(3), parfor.Backoff(time.Second, time.Minute), parfor.Observe(o))
		if err != nil || !slices.Equal(out, parfor.Range(50)) || d.attempts() != 150 {
			t.Errorf("%d attempts, %v", d.attempts(), err)
		}
		if o.end.OK > 0 {
			o.are(t, 50, 0, 100)
		}
	})
}

func TestAttemptsInOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, slots int, on parfor.Option) {
		d := begin(func(_ context.Context, item, n int) error {
			switch {
			case item%3 == 0 && n < 3:
				return errDown
			case item%10 == 1:
				return parfor.Permanent(errDown)
			}
			return nil
		})
		next := 0
		for r, err := range parfor.Stream(t.Context(), slices.Values(parfor.Range(100)), diarist, on, parfor.InOrder(), parfor.KeepGoing(),
			parfor.Attempts(3), parfor.Backoff(time.Second, time.Minute)) {
			if r.Index != next || (err != nil) != (r.Index%10 == 1) || err == nil && (r.Out != r.Index || r.Attempt != d.tries(r.Index)) {
				t.Errorf("place %d: %+v, %v", next, r, err)
			}
			next++
		}
		if next != 100 {
			t.Errorf("%d results", next)
		}
	})
}

func TestAttemptOptions(t *testing.T) {
	_, err := parfor.Map(t.Context(), []int{1}, square, parfor.Backoff(0, 1), parfor.Backoff(2, 1), parfor.AttemptIf(nil),
		parfor.AttemptBudget(0), parfor.AttemptBudget(101), parfor.AttemptBudget(math.NaN()), parfor.Attempts(0))
	if !errors.Is(err, parfor.ErrOption) {
		t.Fatal(err)
	}
	for _, want := range []string{"Backoff(0s, 1ns)", "Backoff(2ns, 1ns)", "AttemptIf(nil)", "AttemptBudget(0)", "AttemptBudget(101)", "AttemptBudget(NaN)", "Attempts(0)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in: %v", want, err)
		}
	}
	for _, o := range []parfor.Option{parfor.Backoff(1, 1), parfor.AttemptIf(func(error) bool { return true }), parfor.AttemptBudget(1)} {
		if _, err := parfor.Map(t.Context(), []int{1}, square, o); !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "need Attempts") {
			t.Errorf("without Attempts: %v", err)
		}
	}
	x := parfor.Goroutines(1)
	defer x.Close()
	if err := parfor.Submit(bg, x, square, 1, parfor.Attempts(2), parfor.AttemptBudget(1)).Err(); !errors.Is(err, parfor.ErrOption) {
		t.Errorf("AttemptBudget of one task: %v", err)
	}
}

// The places of a submission: nothing limits it, an executor of this process
// does, others run it.
func submitted(t *testing.T, check func(t *testing.T, x parfor.Executor)) {
	for _, p := range []place{places[1], places[2], places[4]} {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x, closed := p.open()
				check(t, x)
				closed()
			})
		})
	}
}

func TestSubmitWaits(t *testing.T) {
	submitted(t, func(t *testing.T, x parfor.Executor) {
		d := begin(func(_ context.Context, item, n int) error {
			if n < 3 {
				return parfor.RetryAfter(time.Hour, errDown)
			}
			return nil
		})
		f := parfor.Submit(t.Context(), x, diarist, 4, parfor.Attempts(3), parfor.Backoff(1, time.Minute))
		time.Sleep(time.Minute)
		if f.State() != parfor.Running || f.Cancel() {
			t.Errorf("while it waits: %v", f.State())
		}
		if v, err := parfor.Submit(t.Context(), x, laneInc, 1).Result(bg); v != 2 || err != nil {
			t.Errorf("meanwhile: %v, %v", v, err)
		}
		if v, err := f.Result(bg); v != 4 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		for _, w := range d.waits(4) {
			if w < time.Hour || w > 66*time.Minute {
				t.Errorf("waited %v", w)
			}
		}
	})
}

func TestSubmitPermanentAndAttemptIf(t *testing.T) {
	submitted(t, func(t *testing.T, x parfor.Executor) {
		for want, c := range map[int]struct {
			err  error
			opts []parfor.Option
		}{
			1: {parfor.Permanent(errDown), nil},
			4: {errDown, nil},
			2: {errDown, []parfor.Option{parfor.Attempts(2), parfor.AttemptIf(func(err error) bool { return errors.Is(err, errDown) })}},
		} {
			d := begin(always(c.err))
			_, err := parfor.Submit(t.Context(), x, diarist, 0, append([]parfor.Option{parfor.Attempts(4), parfor.Backoff(1, time.Second)}, c.opts...)...).Result(bg)
			var te *parfor.TaskError
			if d.tries(0) != want || !errors.Is(err, errDown) || !errors.As(err, &te) || te.Attempt != want {
				t.Errorf("%d attempts, want %d: %v", d.tries(0), want, err)
			}
		}
	})
}

// The end of its context ends a future that waits, with the failure it had, and
// though all slots are taken.
func TestSubmitContextEndsWhileItWaits(t *testing.T) {
	submitted(t, func(t *testing.T, x parfor.Executor) {
		ctx, cancel := context.WithCancel(t.Context())
		d := begin(func(_ context.Context, item, n int) error {
			if item == 0 {
				return parfor.RetryAfter(time.Hour, errDown)
			}
			time.Sleep(30 * time.Minute)
			return nil
		})
		f := parfor.Submit(ctx, x, diarist, 0, parfor.Attempts(3))
		time.Sleep(time.Minute)
		var busy []parfor.Awaitable
		for i := range 2 {
			busy = append(busy, parfor.Submit(t.Context(), x, diarist, i+1))
		}
		time.Sleep(time.Minute)
		start := time.Now()
		cancel()
		_, err := f.Result(bg)
		var te *parfor.TaskError
		if time.Since(start) != 0 || !errors.Is(err, errDown) || !errors.As(err, &te) || te.Attempt != 1 || f.State() != parfor.Finished {
			t.Errorf("after %v: %v, %v", time.Since(start), f.State(), err)
		}
		parfor.Wait(t.Context(), parfor.AllCompleted, busy...)
		if d.tries(0) != 1 {
			t.Errorf("%d attempts", d.tries(0))
		}
	})
}
