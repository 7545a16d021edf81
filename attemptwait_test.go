package parfor_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
)

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
