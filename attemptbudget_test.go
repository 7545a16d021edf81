package parfor_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
)

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

// So it does where many items are settled before one is finished.
func TestAttemptBudgetIsEarnedWhenSettled(t *testing.T) {
	x := (&farm{slots: 1, whole: 200}).begin()
	defer x.Close()
	d := begin(func(_ context.Context, item, n int) error {
		if item%5 == 4 && n == 1 {
			return errDown
		}
		return nil
	})
	if _, err := parfor.Map(t.Context(), parfor.Range(200), diarist, parfor.On(x), parfor.Attempts(2), parfor.AttemptBudget(0.3)); err != nil {
		t.Error(err)
	}
	for _, err := range parfor.Stream(t.Context(), slices.Values(parfor.Range(200)), diarist, parfor.On(x), parfor.Attempts(2), parfor.AttemptBudget(0.3), parfor.Window(200)) {
		if err != nil {
			t.Error(err)
		}
	}
	if d.tries(199) < 2 {
		t.Error("nothing was tried again")
	}
}
