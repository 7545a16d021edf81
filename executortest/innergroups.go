package executortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/task"
)

// growInside adds from the tasks of a loop in its body, of which one fails after
// it has added, and then fails itself at the attempts of s.Times.
func growInside(ctx context.Context, s shoot) (int, error) {
	if s.Depth == 0 {
		return 1, nil
	}
	_, err := parfor.Map(ctx, parfor.Range(s.Width), func(ctx context.Context, n int) (int, error) {
		if err := parfor.Add(ctx, shoot{Depth: s.Depth - 1, Width: s.Width}); err != nil {
			return 0, err
		}
		if n == 1 {
			return 0, errRefused
		}
		return n, nil
	}, parfor.KeepGoing())
	if failed := len(parfor.Failed(err)); failed != 1 {
		return 0, fmt.Errorf("%d inner tasks failed: %w", failed, err)
	}
	if task.From(ctx).Number <= s.Times {
		return 0, errRefused
	}
	return 1, nil
}

// Attempts.
func groupInnerLoop(t *testing.T, s *subject) {
	all, err := collect(t, parfor.Group(within(t), []shoot{{Depth: 3, Width: 3, Times: 2}, {Depth: 1, Width: 4, Times: 1}}, growInside, s.on(2, parfor.Attempts(3))...))
	if want := nodes(3, 2) + nodes(1, 3); err != nil || len(all) != want {
		t.Errorf("%d tasks, want %d (%v)", len(all), want, err)
	}
}

// innerGroups has a group of numbers inside, whose last task adds a word to the
// group of words around it, and a group of words, which keeps its own.
func innerGroups(ctx context.Context, word string) (n int, err error) {
	for r, err := range parfor.Group(ctx, []int{3}, func(ctx context.Context, n int) (int, error) {
		if n > 0 {
			return n, parfor.Add(ctx, n-1)
		}
		if len(word) < 4 {
			return n, parfor.Add(ctx, word+"!")
		}
		return n, nil
	}) {
		if err != nil {
			return 0, err
		}
		n += r.Out
	}
	for r, err := range parfor.Group(ctx, []string{"", "x"}, func(ctx context.Context, w string) (int, error) {
		if len(w) == 3 {
			parfor.Add(ctx, "never")
			return 0, errRefused
		}
		return len(w), parfor.Add(ctx, w+"x")
	}, parfor.KeepGoing()) {
		if err != nil && !errors.Is(err, errRefused) {
			return 0, err
		}
		n += r.Out
	}
	return n, nil
}

// Default mode.
func groupInnerGroup(t *testing.T, s *subject) {
	all, err := collect(t, parfor.Group(within(t), []string{"a", "bcd"}, innerGroups, s.on(2)...))
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, r := range all {
		words = append(words, r.In)
		if want := (3 + 2 + 1 + 0) + (0 + 1 + 1 + 2 + 2); r.Out != want {
			t.Errorf("%q: the groups inside sum up to %d, want %d", r.In, r.Out, want)
		}
	}
	slices.Sort(words)
	equal(t, "words", words, []string{"a", "a!", "a!!", "a!!!", "bcd", "bcd!"})
}

// Default mode.
func groupInsideATask(t *testing.T, s *subject) {
	x := s.executor(2)
	out, err := parfor.Map(within(t), parfor.Range(4), func(ctx context.Context, depth int) (n int, err error) {
		for _, err := range parfor.Group(ctx, []shoot{{Depth: depth, Width: 2}}, grow, parfor.On(x)) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "tasks", out, []int{1, 3, 7, 15})
}

// Default mode: a submitted task is part of the one that submits it.
func groupSubmits(t *testing.T, s *subject) {
	x := s.executor(1)
	body := func(ctx context.Context, n int) (int, error) {
		for i := range n {
			parfor.Submit(ctx, x, func(ctx context.Context, i int) (int, error) {
				return i, parfor.Add(ctx, i)
			}, i)
		}
		return n, nil
	}
	all, err := collect(t, parfor.Group(within(t), []int{5}, body, parfor.On(x)))
	if err != nil || len(all) != 1<<5 {
		t.Errorf("%d tasks (%v)", len(all), err)
	}
}

// addOther adds what nobody takes.
func addOther(ctx context.Context, n int) (string, error) {
	err := parfor.Add(ctx, "a word")
	if !errors.Is(err, parfor.ErrNoGroup) {
		return "", fmt.Errorf("adding: %w", err)
	}
	if err := parfor.Add[string](ctx); !errors.Is(err, parfor.ErrNoGroup) {
		return "", fmt.Errorf("adding nothing: %w", err)
	}
	if err := parfor.Add(context.Background(), n); !errors.Is(err, parfor.ErrNoTask) {
		return "", fmt.Errorf("adding outside: %w", err)
	}
	return err.Error(), nil
}

// Default mode.
func groupRefuses(t *testing.T, s *subject) {
	all, err := collect(t, parfor.Group(within(t), []int{1}, addOther, s.on(1)...))
	if want := "parfor: no group takes the items: they are of type string, those of the group are int: convert them, or write Add[int]"; err != nil || all[0].Out != want {
		t.Errorf("%q, %v", all[0].Out, err)
	}
	out, err := parfor.Map(within(t), []int{1}, addOther, s.on(1)...)
	if want := "parfor: no group takes the items: this is no task of a Group: run the loop as parfor.Group(ctx, seeds, body)"; err != nil || out[0] != want {
		t.Errorf("%q, %v", out, err)
	}
}

func addNumber(ctx context.Context, n int) (int, error) { return n, parfor.Add(ctx, n) }

// Default mode. In a worker process the inner task is not part of the group's.
func groupInnerLoopElsewhere(t *testing.T, s *subject) {
	x := s.executor(2)
	body := func(ctx context.Context, n int) (int, error) {
		_, err := parfor.Map(ctx, parfor.Range(n), addNumber, parfor.On(x))
		return n, err
	}
	all, err := collect(t, parfor.Group(within(t), []int{5}, body))
	if s.kind.inProcess() {
		if err != nil || len(all) != 1<<5 {
			t.Errorf("%d tasks (%v)", len(all), err)
		}
		return
	}
	mustBe(t, err, parfor.ErrNoGroup)
}

var oldContext atomic.Pointer[context.Context]

// addToOld keeps the context of one task for the next.
func addToOld(ctx context.Context, n int) (int, error) {
	if old := oldContext.Load(); n == 0 {
		if err := parfor.Add(*old, n); !errors.Is(err, parfor.ErrTaskDone) {
			return 0, fmt.Errorf("adding to a task that has ended: %w", err)
		}
		return 0, nil
	}
	oldContext.Store(&ctx)
	return n, parfor.Add(ctx, n-1)
}

// Default mode. One slot, so both tasks run in one process.
func groupAddsLate(t *testing.T, s *subject) {
	if all, err := collect(t, parfor.Group(within(t), []int{1}, addToOld, s.on(1)...)); err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
}

// brittle can't be encoded when it is negative.
type brittle struct{ N int }

func (b brittle) MarshalBinary() ([]byte, error) {
	if b.N < 0 {
		return nil, errRefused
	}
	return []byte{byte(b.N)}, nil
}

func (b *brittle) UnmarshalBinary(p []byte) error {
	b.N = int(p[0])
	return nil
}

// addBrittle doesn't look at the error of Add.
func addBrittle(ctx context.Context, b brittle) (int, error) {
	if b.N > 0 {
		parfor.Add(ctx, brittle{b.N - 1}, brittle{b.N - 4})
	}
	return b.N, nil
}

// KeepGoing.
func groupUnencodable(t *testing.T, s *subject) {
	all, err := collect(t, parfor.Group(within(t), []brittle{{5}}, addBrittle, s.on(1, parfor.KeepGoing())...))
	if err != nil || len(all) != 3 { // 5 adds 4 and 1, 4 adds 3 and 0; 3 and 1 fail
		t.Errorf("%v, %v", all, err)
	}
}
