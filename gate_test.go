package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

// starts notes when bodies begin.
type starts struct {
	mu    sync.Mutex
	began time.Time
	at    map[int][]time.Duration
	now   atomic.Int32
	most  atomic.Int32
}

func newStarts() *starts { return &starts{began: time.Now(), at: map[int][]time.Duration{}} }

func (s *starts) note(i int) (end func()) {
	s.mu.Lock()
	s.at[i] = append(s.at[i], time.Since(s.began))
	s.mu.Unlock()
	n := s.now.Add(1)
	for m := s.most.Load(); n > m && !s.most.CompareAndSwap(m, n); m = s.most.Load() {
	}
	return func() { s.now.Add(-1) }
}

func (s *starts) sorted() (all []time.Duration) {
	for _, at := range s.at {
		all = append(all, at...)
	}
	slices.Sort(all)
	return all
}

func TestRateSpacesStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStarts()
		_, err := parfor.Map(t.Context(), parfor.Range(100), func(_ context.Context, i int) (int, error) {
			defer s.note(i)()
			time.Sleep(300 * time.Millisecond)
			return i, nil
		}, parfor.Rate(50, 10))
		if err != nil {
			t.Fatal(err)
		}
		all := s.sorted()
		for i, at := range all {
			want := time.Duration(max(i-9, 0)) * 20 * time.Millisecond
			if at < want || at > want+2*time.Millisecond {
				t.Fatalf("start %d at %v, want %v", i, at, want)
			}
		}
	})
}

func TestRateCountsEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStarts()
		err := parfor.Each(t.Context(), parfor.Range(10), func(_ context.Context, i int) error {
			defer s.note(i)()
			if len(s.at[i]) < 3 {
				return errors.New("again")
			}
			return nil
		}, parfor.Rate(10, 1), parfor.Attempts(3), parfor.Workers(1))
		if all := s.sorted(); err != nil || len(all) != 30 || all[29] < 2900*time.Millisecond || all[29] > 2950*time.Millisecond {
			t.Fatal(err, len(all), all)
		}
	})
}

func TestLimitByLetsOtherKeysPass(t *testing.T) {
	for _, inFlight := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newStarts()
			limit := parfor.Limit{Rate: 1}
			if inFlight {
				limit = parfor.Limit{InFlight: 1}
			}
			var slow, most atomic.Int32
			items := make([]string, 0, 100)
			for i := range 100 {
				items = append(items, map[bool]string{true: "slow", false: fmt.Sprint("host ", i)}[i%10 < 2])
			}
			err := parfor.Each(t.Context(), parfor.Range(100), func(_ context.Context, i int) error {
				defer s.note(i)()
				if items[i] == "slow" {
					if n := slow.Add(1); n > most.Load() {
						most.Store(n)
					}
					defer slow.Add(-1)
				}
				time.Sleep(time.Second)
				return nil
			}, parfor.LimitBy(func(i int) string { return items[i] }, limit), parfor.Workers(80))
			if err != nil || most.Load() != 1 && inFlight {
				t.Fatal(err, most.Load())
			}
			n := 0
			for i := range 100 {
				at := s.at[i][0]
				if items[i] != "slow" {
					if at > time.Second+time.Millisecond {
						t.Errorf("item %d waited %v for a key that is not its own", i, at)
					}
					continue
				}
				if want := time.Duration(n) * time.Second; at < want || at > want+10*time.Millisecond {
					t.Errorf("item %d, the %dth of its key, began at %v", i, n, at)
				}
				n++
			}
		})
	}
}

func TestLimitWeight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		begin := time.Now()
		err := parfor.Each(t.Context(), []int{1, 9, 3, 20, 4, 4, 4, 0}, func(_ context.Context, w int) error {
			n := now.Add(int32(w))
			defer now.Add(int32(-w))
			if n > most.Load() {
				most.Store(n)
			}
			if w == 20 && n != 20 {
				t.Errorf("the heavy one runs with %d", n-20)
			}
			time.Sleep(time.Second)
			return nil
		}, parfor.LimitWeight(func(w int) int { return w }, parfor.Limit{InFlight: 10}), parfor.Workers(20))
		if took := time.Since(begin); err != nil || most.Load() != 20 || took < 4*time.Second {
			t.Fatal(err, most.Load(), took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := parfor.Each(t.Context(), slices.Repeat([]int{500}, 61), func(context.Context, int) error { return nil },
			parfor.LimitWeight(func(w int) int { return w }, parfor.Limit{Rate: 1000, Burst: 1000}))
		if took := time.Since(begin); err != nil || took < 29500*time.Millisecond || took > 29600*time.Millisecond {
			t.Fatal(err, took)
		}
	})
}

// Auto is tested against servers in internal/tune; here, that the loop asks it.
func TestAutoFindsANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var scaled atomic.Int32
		s := newStarts()
		begin := time.Now()
		err := parfor.Each(t.Context(), parfor.Range(500), func(_ context.Context, i int) error {
			defer s.note(i)()
			time.Sleep(200 * time.Millisecond)
			return nil
		}, parfor.Auto(), parfor.Observe(events(func(e observe.Event) {
			if e.Kind == observe.Scale {
				scaled.Add(1)
			}
		})))
		if took := time.Since(begin); err != nil || took > 2*time.Second || scaled.Load() < 2 {
			t.Fatal(err, took, s.most.Load(), scaled.Load())
		}
	})
}

func TestAutoHeedsTheCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStarts()
		x := parfor.Goroutines(50)
		defer x.Close()
		err := parfor.Each(t.Context(), parfor.Range(500), func(_ context.Context, i int) error {
			defer s.note(i)()
			time.Sleep(20 * time.Millisecond)
			return nil
		}, parfor.Auto(), parfor.Workers(40), parfor.On(x))
		if m := s.most.Load(); err != nil || m > 40 || m < 33 {
			t.Fatal(err, m)
		}
	})
}

// Auto learns the rate that a server takes, from its refusals.
func TestAutoLearnsARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond, n = 50, 3000
		var mu sync.Mutex
		begin := time.Now()
		tokens, at, refused := 10.0, begin, 0
		err := parfor.Each(t.Context(), parfor.Range(n), func(context.Context, int) error {
			time.Sleep(20 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			tokens, at = min(tokens+now.Sub(at).Seconds()*perSecond, 10), now
			if tokens < 1 {
				refused++
				return parfor.RetryAfter(time.Duration((1-tokens)/perSecond*1e9), errors.New("429"))
			}
			tokens--
			return nil
		}, parfor.Auto(), parfor.Attempts(100))
		share, rate := float64(refused)/float64(n+refused), n/time.Since(begin).Seconds()
		if err != nil || share > 0.05 || rate < 0.9*perSecond {
			t.Errorf("%v, %.1f %% were refused, %.1f a second were not", err, 100*share, rate)
		}
	})
}

type eventsOnly struct{ f func(observe.Event) }

func events(f func(observe.Event)) observe.Observer { return eventsOnly{f} }

func (eventsOnly) Start(observe.Start)     {}
func (eventsOnly) Frame(observe.Frame)     {}
func (o eventsOnly) Event(e observe.Event) { o.f(e) }
func (eventsOnly) End(observe.End)         {}

// Whatever ends a loop finds the items that wait at the gate.
func TestGateEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		err := parfor.Each(ctx, parfor.Range(100), func(context.Context, int) error { return nil },
			parfor.LimitBy(func(i int) string { return fmt.Sprint(i % 2) }, parfor.Limit{Rate: 1}))
		var le *parfor.LoopError
		if !errors.As(err, &le) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		done := 0
		for i := range 100 {
			if le.Done(i) {
				done++
			}
		}
		if done != 6 || le.Failed != 0 {
			t.Errorf("%d done, %d failed", done, le.Failed)
		}
		for r, err := range parfor.Stream(t.Context(), slices.Values(parfor.Range(100)), func(_ context.Context, i int) (int, error) { return i, nil },
			parfor.Rate(1, 1), parfor.InOrder()) {
			if err != nil || r.Index == 3 {
				break
			}
		}
	})
}

func TestGateOptions(t *testing.T) {
	body := func(context.Context, int) error { return nil }
	for name, o := range map[string]parfor.Option{
		"rate 0":            parfor.Rate(0, 1),
		"burst 0":           parfor.Rate(1, 0),
		"nothing":           parfor.LimitBy(func(int) string { return "" }, parfor.Limit{}),
		"negative":          parfor.LimitBy(func(int) string { return "" }, parfor.Limit{Rate: -1}),
		"no function":       parfor.LimitBy[int](nil, parfor.Limit{Rate: 1}),
		"other type":        parfor.LimitBy(func(string) string { return "" }, parfor.Limit{Rate: 1}),
		"other weight type": parfor.LimitWeight(func(string) int { return 1 }, parfor.Limit{Rate: 1}),
	} {
		if err := parfor.Each(t.Context(), []int{1}, body, o); !errors.Is(err, parfor.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := parfor.For(t.Context(), 1, func(int) {}, parfor.Auto()); !errors.Is(err, parfor.ErrOption) {
		t.Error(err)
	}
}
