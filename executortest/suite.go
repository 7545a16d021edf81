package executortest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
)

// check is one behaviour.
type check struct {
	name string
	on   kinds // 0 means all
	run  func(*testing.T, *subject)
}

type kinds int

const (
	inProcess   kinds = 1<<Sequential | 1<<Goroutines
	onProcesses kinds = 1<<Processes | 1<<Cluster
	concurrent  kinds = 1<<Goroutines | 1<<Processes | 1<<Cluster
)

func (ks kinds) has(k Kind) bool { return ks&(1<<k) != 0 }

// subject is what is tested: executors of one kind.
type subject struct {
	kind   Kind
	open   Open
	suite  *testing.T
	shared map[int]parfor.Executor
}

// executor returns the suite's executor with that many slots. A check must
// leave it as it was.
func (s *subject) executor(slots int) parfor.Executor {
	x := s.shared[slots]
	if x == nil {
		x = s.open(s.suite, slots)
		s.shared[slots] = x
		s.suite.Cleanup(func() { closed(s.suite, x) })
	}
	return x
}

// fresh returns an executor of the check's own.
func (s *subject) fresh(t *testing.T, slots int) parfor.Executor {
	x := s.open(t, slots)
	t.Cleanup(func() { closed(t, x) })
	return x
}

func closed(t *testing.T, x parfor.Executor) {
	t.Helper()
	if err := x.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// on is the option that runs a loop on the suite's executor, and others.
func (s *subject) on(slots int, opts ...parfor.Option) []parfor.Option {
	return append(opts, parfor.On(s.executor(slots)))
}

// room is how many tasks run at once on an executor that was asked for slots.
func (s *subject) room(slots int) int {
	if s.kind == Sequential {
		return 1
	}
	return slots
}

// patience bounds every wait of the suite. It is not a measure of anything: a
// check that needs it has failed.
const patience = 20 * time.Second

// within is a context that ends a check which would hang.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("the check hangs"))
	t.Cleanup(cancel)
	return ctx
}

// cancelWith is a context that the check ends, for a reason.
func cancelWith(t *testing.T) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(within(t))
	t.Cleanup(func() { cancel(nil) })
	return ctx, cancel
}

// canceled is a context that has ended.
func canceled(t *testing.T, why error) context.Context {
	ctx, cancel := cancelWith(t)
	cancel(why)
	return ctx
}

// loopError is the *LoopError that err must be.
func loopError(t *testing.T, err error) *parfor.LoopError {
	t.Helper()
	le, ok := err.(*parfor.LoopError)
	if !ok {
		t.Fatalf("error is %T (%v), want a *LoopError", err, err)
	}
	return le
}

// failedItems are the indexes of a loop's failures, ascending.
func failedItems(err error) []int {
	var items []int
	for i := range parfor.Failed(err) {
		items = append(items, i)
	}
	slices.Sort(items)
	return items
}

func mustBe(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error is %v, want %v", err, target)
	}
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// squares are the answers of the body square to the numbers below n.
func squares(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i * i
	}
	return s
}
