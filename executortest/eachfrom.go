package executortest

import (
	"errors"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor"
)

var eachFromChecks = []check{
	{"EachFromTakesAll", 0, eachFromAll},
	{"EachFromFailures", 0, eachFromFailures},
	{"EachFromAttempts", 0, eachFromAttempts},
	{"EachFromWindow", 0, eachFromWindow},
	{"EachFromSourceFails", 0, eachFromSourceFails},
	{"EachFromIsNil", 0, eachFromNil},
}

func from[In any](in []In) func(func(In, error) bool) {
	return func(yield func(In, error) bool) {
		for _, s := range in {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// Many more items than the window has room for, and none at all.
func eachFromAll(t *testing.T, s *subject) {
	for _, n := range []int{0, 1, 1000} {
		w := &watcher{}
		err := parfor.EachFrom(within(t), from(make([]Step, n)), actEach, s.on(2, parfor.Window(8), parfor.Observe(w))...)
		if err != nil {
			t.Errorf("%d items: %v", n, err)
		}
		if got := w.end.Frame.Totals; got.OK != int64(n) || got.Failed != 0 {
			t.Errorf("%d items: %+v", n, got)
		}
	}
}

// Default mode and KeepGoing.
func eachFromFailures(t *testing.T, s *subject) {
	in := steps(200, "")
	in[17].Do, in[150].Do = refuse, refuse
	le := loopError(t, parfor.EachFrom(within(t), from(in), actEach, s.on(2, parfor.KeepGoing())...))
	if le.Failed != 2 || le.Total != 200 || !errors.Is(le, errRefused) || le.Done(17) || !le.Done(199) {
		t.Errorf("%+v", le)
	}
	equal(t, "failed", failedItems(le), []int{17, 150})
	le = loopError(t, parfor.EachFrom(within(t), from(in), actEach, s.on(2)...))
	if le.Failed < 1 || le.First[0].Index != 17 && le.First[0].Index != 150 { // whichever comes first on two workers
		t.Errorf("%+v", le)
	}
}

func eachFromAttempts(t *testing.T, s *subject) {
	for _, window := range []int{1, 64} {
		in, ok, failed, retried := mixed(t)
		w := &watcher{}
		err := parfor.EachFrom(within(t), from(in), persistEach,
			s.on(2, parfor.Attempts(2), parfor.KeepGoing(), parfor.Window(window), parfor.Observe(w))...)
		equal(t, "failed", failedItems(err), []int{1, 2, 3, 4})
		w.judge(t, ok, failed, retried, err)
	}
}

// The source is not asked for more than a window ahead of what has ended.
func eachFromWindow(t *testing.T, s *subject) {
	g := newGate(t)
	var taken atomic.Int64
	in := steps(100, g.address())
	done := make(chan error)
	go func() {
		done <- parfor.EachFrom(within(t), func(yield func(Step, error) bool) {
			for _, step := range in {
				taken.Add(1)
				if !yield(step, nil) {
					return
				}
			}
		}, actEach, s.on(2, parfor.Window(8))...)
	}()
	g.next()
	if n := taken.Load(); n > 8 {
		t.Errorf("%d items were taken, the window has 8", n)
	}
	g.letAll()
	if err := <-done; err != nil || taken.Load() != 100 {
		t.Errorf("%v, %d taken", err, taken.Load())
	}
}

func eachFromSourceFails(t *testing.T, s *subject) {
	err := parfor.EachFrom(within(t), func(yield func(Step, error) bool) {
		for i, err := range failingAt(30) {
			if !yield(Step{N: i}, err) {
				return
			}
		}
	}, actEach, s.on(2)...)
	le := loopError(t, err)
	if !errors.Is(err, errSource) || le.Failed != 0 || le.Total != 30 {
		t.Errorf("%v, %+v", err, le)
	}
	for i := range 30 {
		if !le.Done(i) {
			t.Errorf("item %d is not done: the source had yielded it", i)
		}
	}
}

func eachFromNil(t *testing.T, s *subject) {
	mustBe(t, parfor.EachFrom[Step](within(t), nil, actEach, s.on(2)...), parfor.ErrOption)
	mustBe(t, parfor.EachFrom(within(t), from([]Step{{}}), nil, s.on(2)...), parfor.ErrOption)
}
