package executortest

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor"
)

var nestingChecks = []check{
	{"NestedThreeDeep", 0, nestedThreeDeep},
	{"NestedFailureComesOut", 0, nestedFailure},
	{"NestedSubmits", inProcess, nestedSubmits},
	{"NestedStreamLeft", inProcess, nestedStreamLeft},
	{"NestedStaysInsideTheLimit", inProcess, nestedLimit},
	{"WouldDeadlockIsSeen", inProcess, wouldDeadlock},
}

// Default mode. A task that waits for a loop lends its slot: a single one is
// enough for any depth.
func nestedThreeDeep(t *testing.T, s *subject) {
	for _, slots := range []int{1, 2} {
		defer inside(s.executor(slots))()
		out, err := parfor.Map(within(t), []tree{{Depth: 3, Width: 3}, {Depth: 1, Width: 2}, {}}, nest, s.on(slots)...)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "leaves", out, []int{27, 2, 1})
	}
}

// Default mode: the innermost failure is found by errors.Is at the outermost
// loop, with the indexes on its way.
func nestedFailure(t *testing.T, s *subject) {
	defer inside(s.executor(1))()
	_, err := parfor.Map(within(t), []tree{{Depth: 1, Width: 3}, {Depth: 1, Width: 3, Fail: 3}}, nest, s.on(1)...)
	mustBe(t, err, errRefused)
	equal(t, "failed", failedItems(err), []int{1})
	equal(t, "failed inside", failedItems(parfor.Failed(err)[1]), []int{2})
}

// Default mode.
func nestedSubmits(t *testing.T, s *subject) {
	x := s.executor(1)
	out, err := parfor.Map(within(t), parfor.Range(4), func(ctx context.Context, n int) (int, error) {
		var sum int
		var fs []*parfor.Future[int, int]
		for i := range 3 {
			fs = append(fs, parfor.Submit(ctx, x, square, n+i))
		}
		for _, f := range fs {
			v, err := f.Result(ctx)
			if err != nil {
				return 0, err
			}
			sum += v
		}
		return sum, nil
	}, parfor.On(x))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "sums", out, []int{0 + 1 + 4, 1 + 4 + 9, 4 + 9 + 16, 9 + 16 + 25})
}

// Default mode: bodies that leave a stream of their own by break, panic and
// Goexit give back what they borrowed.
func nestedStreamLeft(t *testing.T, s *subject) {
	x := s.executor(1)
	body := func(ctx context.Context, how Action) (int, error) {
		taken := 0
		for range parfor.Stream(ctx, counted(&taken), square, parfor.On(x), parfor.Window(4)) {
			if how != answer {
				_, err := Step{Do: how}.run(ctx)
				return 0, err
			}
			break
		}
		return 1, nil
	}
	_, err := parfor.Map(within(t), []Action{answer, panics, exits, answer}, body, parfor.On(x), parfor.KeepGoing())
	equal(t, "failed", failedItems(err), []int{1, 2})
	stillWorks(t, s)
}

// Default mode. Lending never lets more bodies run than there are slots: a
// body counts as running except while it waits for its own loop.
func nestedLimit(t *testing.T, s *subject) {
	const slots = 2
	x := s.executor(slots)
	var running, most atomic.Int32
	busy := func() {
		n := running.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		runtime.Gosched()
		running.Add(-1)
	}
	leaf := func(context.Context, int) (int, error) { busy(); return 0, nil }
	body := func(ctx context.Context, n int) (int, error) {
		busy()
		if n%2 == 0 {
			_, err := parfor.Map(ctx, parfor.Range(10), leaf, parfor.On(x))
			busy()
			return 0, err
		}
		for _, err := range parfor.Stream(ctx, slices.Values(parfor.Range(10)), leaf, parfor.On(x)) {
			if busy(); err != nil {
				return 0, err
			}
		}
		busy()
		return 0, nil
	}
	if _, err := parfor.Map(within(t), parfor.Range(200), body, parfor.On(x)); err != nil {
		t.Fatal(err)
	}
	if want := int32(s.room(slots)); most.Load() > want {
		t.Errorf("%d bodies ran at once on %d slots", most.Load(), want)
	}
}

// Default mode. A body that waits for its own executor without its context
// can't lend its slot. On the goroutine it was called on that is seen, and an
// error instead of a deadlock.
func wouldDeadlock(t *testing.T, s *subject) {
	x := s.executor(1)
	_, err := parfor.Map(within(t), parfor.Range(1), func(_ context.Context, n int) (int, error) {
		_, err := parfor.Map(context.Background(), parfor.Range(3), square, parfor.On(x))
		return 0, err
	}, parfor.On(x))
	mustBe(t, err, parfor.ErrWouldDeadlock)
	stillWorks(t, s)
}
