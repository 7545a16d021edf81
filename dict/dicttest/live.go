package dicttest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	liveInts  = dict.NewLive[string, int]("live ints")
	liveLists = dict.NewLive[int, []string]("live lists")
)

// race has every task try to be the first, to take a ticket, and to swap.
func race(ctx context.Context, n int) ([3]int, error) {
	var got [3]int
	first, stored, err := liveInts.SetIfAbsent(ctx, "first", n)
	if err != nil || stored != (first == n) {
		return got, fmt.Errorf("SetIfAbsent(%d) = %d, %v, %w", n, first, stored, err)
	}
	got[0] = first
	if got[1], err = liveInts.Add(ctx, "ticket", 1); err != nil {
		return got, err
	}
	for {
		old, _, err := liveInts.Get(ctx, "sum")
		if err != nil {
			return got, err
		}
		if ok, err := liveInts.CompareAndSwap(ctx, "sum", old, old+n); err != nil || ok {
			return got, err
		}
	}
}

var _ = parfor.Register(race)

func liveIsImmediate(f *fixture) {
	const n = 100
	liveInts.Set(f.Context(), "sum", 0)
	got := expect[[][3]int](f)(parfor.Map(f.Context(), parfor.Range(n), race, parfor.On(f.x)))
	var tickets []int
	for _, g := range got {
		if g[0] != got[0][0] {
			f.Fatalf("two tasks were first: %d and %d", g[0], got[0][0])
		}
		tickets = append(tickets, g[1])
	}
	slices.Sort(tickets)
	for i, v := range tickets {
		if v != i+1 {
			f.Fatalf("ticket %d is %d", i+1, v)
		}
	}
	if v, _, err := liveInts.Get(f.Context(), "sum"); v != n*(n-1)/2 || err != nil {
		f.Fatalf("the sum is %d, %v", v, err)
	}
}

// stay leaves live operations behind and fails.
func stay(ctx context.Context, n int) error {
	if _, err := liveInts.Add(ctx, "tries", 1); err != nil {
		return err
	}
	if parforAttempt(ctx) < 2 {
		return errBody
	}
	return liveLists.Set(ctx, n, []string{itoa(n)})
}

var _ = parfor.RegisterEach(stay)

func liveStays(f *fixture) {
	if err := parfor.Each(f.Context(), parfor.Range(20), stay, parfor.On(f.x), parfor.Attempts(2)); err != nil {
		f.Fatal(err)
	}
	if v, _, _ := liveInts.Get(f.Context(), "tries"); v != 40 {
		f.Errorf("%d tries, want 40", v)
	}
	if n, _ := liveLists.Len(f.Context()); n != 20 {
		f.Errorf("%d lists", n)
	}
	v, ok, err := liveLists.Pop(f.Context(), 7)
	if !ok || err != nil || !slices.Equal(v, []string{"7"}) {
		f.Errorf("Pop = %v, %v, %v", v, ok, err)
	}
	if ok, _ := liveLists.CompareAndSwap(f.Context(), 8, []string{"8"}, []string{"eight"}); !ok {
		f.Error("a list is not equal to its like")
	}
	v, ok, _ = liveLists.Swap(f.Context(), 8, nil)
	if !ok || v[0] != "eight" {
		f.Errorf("Swap = %v, %v", v, ok)
	}
}

// relay passes a number from task to task: each waits for the one before.
func relay(ctx context.Context, n int) error {
	if n > 0 {
		if v, err := liveInts.WaitFor(ctx, itoa(n-1)); err != nil || v != n-1 {
			return fmt.Errorf("waited for %d: %d, %w", n-1, v, err)
		}
	}
	return liveInts.Set(ctx, itoa(n), n)
}

var _ = parfor.RegisterEach(relay)

func liveWaits(f *fixture) {
	if err := parfor.Each(f.Context(), parfor.Range(40), relay, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(f.Context())
	cancel(errBody)
	if _, err := liveInts.WaitFor(ctx, "never"); !errors.Is(err, errBody) {
		f.Errorf("an ended wait: %v", err)
	}
	m, err := liveInts.Snapshot(f.Context())
	if len(m) != 40 || err != nil {
		f.Errorf("%d entries, %v", len(m), err)
	}
	liveInts.Clear(f.Context())
	if n, _ := liveInts.Len(f.Context()); n != 0 {
		f.Errorf("%d entries after Clear", n)
	}
}
