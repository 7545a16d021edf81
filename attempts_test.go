package parfor_test

import (
	"context"
	"errors"
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
