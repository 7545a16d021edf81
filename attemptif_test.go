package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
)

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
