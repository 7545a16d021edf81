package parfor_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
)

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
