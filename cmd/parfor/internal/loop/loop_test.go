package loop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// numbers are items 1 to n.
func numbers(n int) iter.Seq2[item.Item, error] {
	return func(yield func(item.Item, error) bool) {
		for i := range n {
			if !yield(item.Item{Seq: i + 1, Whole: item.Value{Text: strconv.Itoa(i + 1)}}, nil) {
				return
			}
		}
	}
}

// bench is a loop whose body does as it is told, and what it came to.
type bench struct {
	Config
	began []int // numbers of the items whose body began, sorted
	done  []record.Record
	mu    sync.Mutex
}

func newBench(n, workers int, body func(ctx context.Context, n, attempt int) error) *bench {
	b := &bench{}
	b.Config = Config{
		Name: "test", Items: numbers(n), Workers: workers,
		Admit: func(w *Work) (bool, error) { w.Key = w.Item.Whole.Text; return true, nil },
		Body: func(ctx context.Context, slot int, w *Work) (record.Record, error) {
			b.mu.Lock()
			b.began = append(b.began, w.Item.Seq)
			slices.Sort(b.began)
			b.mu.Unlock()
			if err := body(ctx, w.Item.Seq, w.Attempt); err != nil {
				return record.Record{Status: record.Failed, Error: err.Error()}, err
			}
			return record.Record{Status: record.OK}, nil
		},
		Done: func(w *Work, r record.Record) error { b.done = append(b.done, r); return nil },
	}
	return b
}

var errBad = errors.New("bad")

func TestEveryItemOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		b := newBench(100, workers, func(_ context.Context, n, _ int) error {
			if n%10 == 0 {
				return errBad
			}
			return nil
		})
		out, err := Run(t.Context(), b.Config)
		if err != nil || out.OK != 90 || out.Failed != 10 || out.Left != 0 || out.Stopped {
			t.Errorf("%d workers: %+v, %v", workers, out, err)
		}
		if len(b.done) != 100 || len(b.began) != 100 || len(slices.Compact(b.began)) != 100 {
			t.Errorf("%d workers: %d began, %d ended", workers, len(b.began), len(b.done))
		}
		if len(out.First) != firstFailures || out.First[0].Error != "bad" {
			t.Errorf("%d workers: first failures %+v", workers, out.First)
		}
		for _, r := range b.done {
			if r.Key != strconv.Itoa(r.Seq) || r.Attempts != 1 || r.Worker < 1 || r.Worker > workers {
				t.Errorf("record %+v", r)
			}
		}
	}
}

func TestNothingStartsAfterTheLastFailure(t *testing.T) {
	for _, workers := range []int{1, 8} {
		var late atomic.Int64
		b := newBench(1000, workers, nil)
		stop := new(Stop)
		b.Stop, b.MaxFailures = stop, Failures{Number: 1}
		b.Body = func(ctx context.Context, slot int, w *Work) (record.Record, error) {
			if stop.Asked() {
				late.Add(1)
			}
			if w.Item.Seq == 7 {
				return record.Record{Status: record.Failed}, errBad
			}
			return record.Record{Status: record.OK}, nil
		}
		out, err := Run(t.Context(), b.Config)
		// Other workers may be between their look at Stop and their body.
		if err != nil || !out.Halted || !out.Stopped || out.Failed != 1 || late.Load() > int64(workers-1) {
			t.Errorf("%d workers: %+v, %v, %d began late", workers, out, err, late.Load())
		}
	}
}

func TestFailuresThatAreTooMany(t *testing.T) {
	for _, c := range []struct {
		text          string
		failed, ended int64
		want          bool
	}{
		{"1", 0, 100, false}, {"1", 1, 1, true}, {"3", 2, 3, false}, {"3", 3, 100, true},
		{"5%", 1, 9, false}, {"5%", 1, 10, true}, {"5%", 4, 100, false}, {"5%", 5, 100, true},
	} {
		f, err := ParseFailures(c.text)
		if err != nil || f.tooMany(c.failed, c.ended) != c.want {
			t.Errorf("%s: %d of %d: %v, %v", c.text, c.failed, c.ended, !c.want, err)
		}
	}
	for _, bad := range []string{"", "0", "-1", "x", "0%", "101%", "%", "NaN%"} {
		if _, err := ParseFailures(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	if (Failures{}).tooMany(1000, 1000) {
		t.Error("no bound is one")
	}
}

func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(10, 4, func(_ context.Context, n, attempt int) error {
			if attempt < n%4 {
				return errBad
			}
			return nil
		})
		b.Attempts, b.First, b.Most = 2, time.Second, time.Minute
		out, err := Run(t.Context(), b.Config)
		if err != nil || out.OK != 8 || out.Failed != 2 { // 3 and 7 need three
			t.Errorf("%+v, %v", out, err)
		}
		for _, r := range b.done {
			if want := min(max(r.Seq%4, 1), 2); r.Attempts != want {
				t.Errorf("item %d had %d attempts, want %d", r.Seq, r.Attempts, want)
			}
		}
	})
}

func TestAFailureThatIsNotTriedAgain(t *testing.T) {
	b := newBench(1, 1, func(context.Context, int, int) error { return errBad })
	b.Attempts, b.Again = 5, func(error) bool { return false }
	out, err := Run(t.Context(), b.Config)
	if err != nil || out.Failed != 1 || len(b.began) != 1 {
		t.Errorf("%+v, %v, began %v", out, err, b.began)
	}
}

func TestAPermanentFailure(t *testing.T) {
	b := newBench(1, 1, func(context.Context, int, int) error { return fmt.Errorf("so: %w", parfor.Permanent(errBad)) })
	b.Attempts = 5
	out, err := Run(t.Context(), b.Config)
	if err != nil || out.Failed != 1 || len(b.began) != 1 || len(b.done) != 1 {
		t.Errorf("%+v, %v, began %v", out, err, b.began)
	}
}

// An item that waits for another attempt when the loop is to stop has failed, once.
func TestStopBetweenAttempts(t *testing.T) {
	stop := new(Stop)
	b := newBench(1, 1, func(context.Context, int, int) error { stop.Ask(); return errBad })
	b.Stop, b.Attempts = stop, 5
	kept := 0
	b.Keep = func(*Work, record.Record) error { kept++; return nil }
	out, err := Run(t.Context(), b.Config)
	if err != nil || out.Failed != 1 || out.Left != 0 || kept != 1 || len(b.done) != 1 || len(b.began) != 1 {
		t.Errorf("%+v, %v; %d kept, %d done, %d began", out, err, kept, len(b.done), len(b.began))
	}
}

func TestStopFinishesWhatRuns(t *testing.T) {
	stop := new(Stop)
	b := newBench(1000, 4, func(_ context.Context, n, _ int) error {
		if n == 20 {
			stop.Ask()
		}
		return nil
	})
	b.Stop = stop
	out, err := Run(t.Context(), b.Config)
	if err != nil || !out.Stopped || out.Halted || out.OK != len(b.began) || out.OK > 30 || out.Left > 1000-20 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestErrorsThatEndTheLoop(t *testing.T) {
	errSource, errAdmit, errDone, errCause := errors.New("source"), errors.New("admit"), errors.New("done"), errors.New("cause")
	ok := func(context.Context, int, int) error { return nil }
	for name, c := range map[string]struct {
		want error
		make func(b *bench, cancel context.CancelCauseFunc)
	}{
		"source": {errSource, func(b *bench, _ context.CancelCauseFunc) {
			b.Items = func(yield func(item.Item, error) bool) {
				for it := range numbers(5) {
					if !yield(it, nil) {
						return
					}
				}
				yield(item.Item{}, errSource)
			}
		}},
		"admit": {errAdmit, func(b *bench, _ context.CancelCauseFunc) {
			b.Admit = func(w *Work) (bool, error) {
				if w.Item.Seq == 6 {
					return false, errAdmit
				}
				return true, nil
			}
		}},
		"done": {errDone, func(b *bench, _ context.CancelCauseFunc) {
			n := 0
			b.Done = func(*Work, record.Record) error {
				if n++; n == 5 {
					return errDone
				}
				return nil
			}
		}},
		"context": {errCause, func(b *bench, cancel context.CancelCauseFunc) {
			n := 0
			b.Done = func(*Work, record.Record) error {
				if n++; n == 5 {
					cancel(errCause)
				}
				return nil
			}
		}},
	} {
		b := newBench(100000, 4, ok)
		ctx, cancel := context.WithCancelCause(t.Context())
		c.make(b, cancel)
		out, err := Run(ctx, b.Config)
		cancel(nil)
		if err != c.want || out.OK < 5 || out.OK > 50000 {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	b := newBench(3, 1, func(_ context.Context, n, _ int) error {
		if n == 2 {
			panic("no")
		}
		return nil
	})
	out, err := Run(t.Context(), b.Config)
	if err != nil && !errors.As(err, new(*parfor.PanicError)) {
		t.Error(err)
	}
	if out.Failed != 1 || out.First[0].Key != "2" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestSkippedItems(t *testing.T) {
	b := newBench(100, 4, func(context.Context, int, int) error { return nil })
	b.Admit = func(w *Work) (bool, error) { return w.Item.Seq%2 == 0, nil }
	b.Total = func() (int, bool) { return 100, true }
	var last observe.Frame
	b.Observers = []observe.Observer{ends(func(f observe.Frame) { last = f })}
	out, err := Run(t.Context(), b.Config)
	if err != nil || out.OK != 50 || out.Skipped != 50 {
		t.Errorf("%+v, %v", out, err)
	}
	if last.Total != 100 || last.Totals.Skipped != 50 || last.Totals.OK != 50 {
		t.Errorf("observers saw %+v of %d", last.Totals, last.Total)
	}
}

// ends is an observer of the last frame.
type ends func(observe.Frame)

func (ends) Start(observe.Start) {}
func (ends) Frame(observe.Frame) {}
func (ends) Event(observe.Event) {}
func (f ends) End(e observe.End) { f(e.Frame) }

// What ended is kept before its worker goes on, and a failure to keep is the end.
func TestKeep(t *testing.T) {
	var kept, begun atomic.Int64
	b := newBench(1000, 4, func(_ context.Context, n, attempt int) error {
		if begun.Add(1)-kept.Load() > 4+1 { // an attempt that will be followed by another is kept only then
			t.Error("a worker went on before its item was kept")
		}
		if n%100 == 0 {
			return errBad
		}
		return nil
	})
	b.Keep = func(w *Work, r record.Record) error { kept.Add(1); return nil }
	out, err := Run(t.Context(), b.Config)
	if err != nil || kept.Load() != 1000 || out.Failed != 10 {
		t.Errorf("%+v, %v, %d kept", out, err, kept.Load())
	}
	errFull := errors.New("full")
	b = newBench(1000, 4, func(context.Context, int, int) error { return nil })
	b.Keep = func(w *Work, r record.Record) error {
		if w.Item.Seq == 50 {
			return errFull
		}
		return nil
	}
	if out, err := Run(t.Context(), b.Config); err != errFull || out.OK > 500 {
		t.Errorf("%+v, %v", out, err)
	}
}
