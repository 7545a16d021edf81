package executortest

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"parfor.dev/parfor"
)

var sourceChecks = []check{
	{"C12_SourceFails", 0, sourceFails},
	{"C12_SourcePanics", 0, sourcePanics},
	{"C12_SourceExits", 0, sourceExits},
	{"SourceIsLazy", 0, sourceIsLazy},
	{"SourceBlocks", 0, sourceBlocks},
	{"SourceIsNil", 0, sourceIsNil},
}

var errSource = errors.New("executortest: the disk is on fire")

// failingAt yields that many items, then the error.
func failingAt(k int) func(func(int, error) bool) {
	return func(yield func(int, error) bool) {
		for i := range k {
			if !yield(i, nil) {
				return
			}
		}
		yield(0, errSource)
	}
}

// Default mode and KeepGoing: what came before the failure is finished.
func sourceFails(t *testing.T, s *subject) {
	for _, k := range []int{0, 1, 50} {
		for _, opts := range [][]parfor.Option{nil, {parfor.KeepGoing()}, {parfor.InOrder()}} {
			got := 0
			var last error
			for r, err := range parfor.StreamFrom(within(t), failingAt(k), square, s.on(2, opts...)...) {
				if err != nil {
					last = err
				} else if r.Out == r.Index*r.Index {
					got++
				}
			}
			le := loopError(t, last)
			mustBe(t, last, errSource)
			if got != k || le.Failed != 0 || le.Done(k) || k > 0 && !le.Done(k-1) {
				t.Errorf("source failed after %d items: %d results, %v", k, got, last)
			}
		}
	}
	stillWorks(t, s)
}

// Default mode. A panic of the source is the loop's error, with its stack.
func sourcePanics(t *testing.T, s *subject) {
	last := lastError(t, s, func(yield func(int) bool) {
		yield(0)
		explode(1)
	})
	var p *parfor.PanicError
	if !errors.As(last, &p) || !stackNames(last, "explode") {
		t.Errorf("the source panicked and the loop says %v", last)
	}
	stillWorks(t, s)
}

// Default mode.
func sourceExits(t *testing.T, s *subject) {
	mustBe(t, lastError(t, s, func(yield func(int) bool) {
		yield(0)
		runtime.Goexit()
	}), parfor.ErrGoexit)
	stillWorks(t, s)
}

func lastError(t *testing.T, s *subject, source func(func(int) bool)) (last error) {
	t.Helper()
	for _, err := range parfor.Stream(within(t), source, square, s.on(2)...) {
		if last != nil {
			t.Error("something follows the loop's error")
		}
		last = err
	}
	loopError(t, last)
	return last
}

func stillWorks(t *testing.T, s *subject) {
	t.Helper()
	out, err := parfor.Map(within(t), parfor.Range(10), square, s.on(2)...)
	if err != nil {
		t.Errorf("the executor is not usable any more: %v", err)
	}
	equal(t, "afterwards", out, squares(10))
}

// Default mode. Making a stream touches nothing; ranging over it does.
func sourceIsLazy(t *testing.T, s *subject) {
	taken := 0
	stream := parfor.Stream(within(t), counted(&taken), square, s.on(2)...)
	if taken != 0 {
		t.Errorf("%d items were taken before the range began", taken)
	}
	for range stream {
		break
	}
	if taken == 0 {
		t.Error("nothing was taken")
	}
}

// Default mode: item 0 fails while the source waits in code of its own. The
// loop doesn't wait for it, and its error says so.
func sourceBlocks(t *testing.T, s *subject) {
	stuck, left := make(chan struct{}), make(chan struct{})
	source := func(yield func(Step) bool) {
		defer close(left)
		if yield(Step{Do: refuse}) {
			<-stuck
		}
	}
	var last error
	for _, err := range parfor.Stream(within(t), source, act, s.on(2)...) {
		last = err
	}
	le := loopError(t, last)
	equal(t, "failed", failedItems(last), []int{0})
	if !le.SourceBlocked || !contains(last, "source has not returned") {
		t.Errorf("the source is blocked and the error is %v", last)
	}
	close(stuck)
	<-left
}

func sourceIsNil(t *testing.T, s *subject) {
	for _, err := range parfor.Stream[int, int](within(t), nil, square, s.on(2)...) {
		mustBe(t, err, parfor.ErrOption)
	}
	for _, err := range parfor.Stream[int, int](within(t), slices.Values([]int{1}), nil, s.on(2)...) {
		mustBe(t, err, parfor.ErrOption)
	}
}
