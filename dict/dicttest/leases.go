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
	door  = dict.NewLease("door")
	doorB = dict.NewLease("door b")
)

// countBehindDoor counts as one does with a lock.
func countBehindDoor(ctx context.Context, n int) (uint64, error) {
	fence, err := door.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	if again, ok, err := door.TryAcquire(ctx); again != fence || !ok || err != nil {
		return 0, fmt.Errorf("again: %d, %v, %w", again, ok, err)
	}
	a, _, err := counts.Get(ctx, "a")
	t, _, terr := texts.Get(ctx, 0)
	if err := errors.Join(err, terr); err != nil {
		return 0, err
	}
	if a > 0 && t != itoa(a) {
		return 0, fmt.Errorf("a holder reads %d and %q", a, t)
	}
	return fence, errors.Join(counts.Set(ctx, "a", a+1), texts.Set(ctx, 0, itoa(a+1)))
}

var _ = parfor.Register(countBehindDoor)

func leaseSees(f *fixture) {
	const n = 150
	fences := expect[[]uint64](f)(parfor.Map(f.Context(), parfor.Range(n), countBehindDoor, parfor.On(f.x)))
	want(f, counts, map[string]int{"a": n})
	slices.Sort(fences)
	if len(slices.Compact(fences)) != n {
		f.Errorf("two holders had one number: %v", fences)
	}
}

type holding struct {
	Fence     uint64
	Abandoned bool
}

// hold has the lease; the first attempt comes to nothing: it fails, or, with an
// item below zero, is killed.
func hold(ctx context.Context, n int) (h holding, err error) {
	if h.Fence, err = door.Acquire(ctx); err != nil {
		return h, err
	}
	if h.Abandoned, err = door.Abandoned(ctx); err != nil {
		return h, err
	}
	if parforAttempt(ctx) == 1 && n != 0 {
		if n < 0 {
			die(ctx)
		}
		return h, errBody
	}
	return h, nil
}

var _ = parfor.Register(hold)

func held(f *fixture, item int, fence uint64, abandoned bool) {
	f.Helper()
	got := expect[[]holding](f)(parfor.Map(f.Context(), []int{item}, hold, parfor.On(f.x), parfor.Attempts(3)))
	if got[0] != (holding{fence, abandoned}) {
		f.Errorf("item %d: %+v, want %d, %v", item, got[0], fence, abandoned)
	}
}

func leaseAbandoned(f *fixture) {
	held(f, 0, 1, false)
	held(f, 1, 3, true)
	held(f, 0, 4, false)
	fence, unlock, err := door.Lock(f.Context())
	if fence != 5 || err != nil {
		f.Fatalf("Lock = %d, %v", fence, err)
	}
	unlock()
	unlock()
	held(f, 0, 6, false)
}

func leaseKilled(f *fixture) {
	if !f.remote {
		f.Skip("bodies run in this process")
	}
	held(f, -1, 2, true)
	held(f, 0, 3, false)
}
