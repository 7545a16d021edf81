package dicttest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	empty = dict.NewQueue[int]("empty", 3)
	never = dict.NewLive[int, int]("never")
)

func takeEmpty(ctx context.Context, _ int) (int, error) { return empty.Take(ctx) }
func waitNever(ctx context.Context, n int) (int, error) { return never.WaitFor(ctx, n) }

// putLast puts what all the tasks before it wait for.
func putLast(ctx context.Context, n int) (int, error) {
	if n < 20 {
		return empty.Take(ctx)
	}
	return n, empty.Put(ctx, n)
}

// crossed acquires two leases, every second task in the other order.
func crossed(ctx context.Context, n int) (int, error) {
	one, two := door, doorB
	if n%2 == 1 {
		one, two = two, one
	}
	if _, err := one.Acquire(ctx); err != nil {
		return 0, err
	}
	if err := liveInts.Set(ctx, itoa(n), 1); err != nil { // both have one before they want the other
		return 0, err
	}
	if parforAttempt(ctx) == 1 {
		if _, err := liveInts.WaitFor(ctx, itoa(1-n)); err != nil {
			return 0, err
		}
	}
	_, err := two.Acquire(ctx)
	return n, errors.Join(err, ctx.Err())
}

// workThenPut works for a while in which the others wait.
func workThenPut(ctx context.Context, n int) (int, error) {
	if n > 0 {
		return empty.Take(ctx)
	}
	time.Sleep(150 * time.Millisecond) // the work
	return 0, empty.Put(ctx, 7)
}

var (
	_ = parfor.Register(takeEmpty)
	_ = parfor.Register(waitNever)
	_ = parfor.Register(putLast)
	_ = parfor.Register(crossed)
	_ = parfor.Register(workThenPut)
)

func allDeadlocked(f *fixture, n int, err error) {
	f.Helper()
	failed := parfor.Failed(err)
	for i := range n {
		if !errors.Is(failed[i], dict.ErrDeadlock) {
			f.Errorf("item %d: %v", i, failed[i])
		}
	}
}

func deadlockedTakers(f *fixture) {
	_, err := parfor.Map(f.Context(), parfor.Range(5), takeEmpty, parfor.On(f.x), parfor.KeepGoing())
	allDeadlocked(f, 5, err)
}

func deadlockedLive(f *fixture) {
	_, err := parfor.Map(f.Context(), parfor.Range(5), waitNever, parfor.On(f.x), parfor.KeepGoing())
	allDeadlocked(f, 5, err)
}

func deadlockBehind(f *fixture) {
	_, err := parfor.Map(f.Context(), parfor.Range(21), putLast, parfor.On(f.x), parfor.KeepGoing())
	// The value comes when all before it have failed, or before the last of them.
	if n := len(parfor.Failed(err)); n < 19 || n > 20 {
		f.Errorf("%d of 20 takers failed; there was one value: %v", n, err)
	}
	for i, err := range parfor.Failed(err) {
		if !errors.Is(err, dict.ErrDeadlock) {
			f.Errorf("item %d: %v", i, err)
		}
	}
}

func deadlockedLeases(f *fixture) {
	if f.slots == 1 {
		f.Skip("no two tasks run at once")
	}
	_, err := parfor.Map(f.Context(), parfor.Range(2), crossed, parfor.On(f.x), parfor.Chunk(1), parfor.KeepGoing())
	failed := parfor.Failed(err)
	if len(failed) != 1 || !errors.Is(err, dict.ErrDeadlock) {
		f.Errorf("one of the two is to fail: %v", err)
	}
	if _, err := parfor.Map(f.Context(), parfor.Range(2), crossed, parfor.On(f.x), parfor.Chunk(1), parfor.Attempts(9)); err != nil {
		f.Errorf("tried again: %v", err)
	}
}

func noFalseAlarm(f *fixture) {
	if f.slots == 1 {
		f.Skip("no two tasks run at once")
	}
	got, err := parfor.Map(f.Context(), parfor.Range(2), workThenPut, parfor.On(f.x), parfor.Chunk(1))
	if err != nil || got[1] != 7 {
		f.Error(fmt.Errorf("%v, %w", got, err))
	}
}
