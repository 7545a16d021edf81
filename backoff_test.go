package parfor_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"parfor.dev/parfor"
)

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
