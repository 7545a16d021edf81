package dicttest

import (
	"context"
	"errors"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	pair  = dict.NewBarrier("pair", 2)
	many  = dict.NewBarrier("many", 1000)
	alone = dict.NewBarrier("alone", 2, dict.FromOutside())
)

func waitPair(ctx context.Context, _ int) (int, error) { return pair.Wait(ctx) }
func waitMany(ctx context.Context, _ int) (int, error) { return many.Wait(ctx) }

// waitAlone waits for a party that doesn't come, until its time is up; item 1
// until it is killed for that.
func waitAlone(ctx context.Context, n int) (int, error) {
	if n == 1 {
		ctx = context.WithoutCancel(ctx)
	}
	return alone.Wait(ctx)
}

// waitOrReset waits for a party that doesn't come; item 1 resets the barrier
// until that has an effect.
func waitOrReset(ctx context.Context, n int) (int, error) {
	if n == 0 {
		turn, err := alone.Wait(ctx)
		return turn, errors.Join(err, liveInts.Set(ctx, "reset", 1))
	}
	for {
		if err := alone.Reset(ctx); err != nil {
			return 0, err
		}
		if _, done, err := liveInts.Get(ctx, "reset"); done || err != nil {
			return 0, err
		}
	}
}

var (
	_ = parfor.Register(waitPair)
	_ = parfor.Register(waitMany)
	_ = parfor.Register(waitAlone)
	_ = parfor.Register(waitOrReset)
)

func barrierPasses(f *fixture) {
	const n = 20
	got, err := parfor.Map(f.Context(), parfor.Range(n), waitPair, parfor.On(f.x), parfor.Chunk(1))
	if f.slots == 1 {
		if !errors.Is(err, dict.ErrTooWide) {
			f.Fatalf("two parties on one slot: %v", err)
		}
		return
	}
	if err != nil {
		f.Fatal(err)
	}
	firsts := 0
	for _, turn := range got {
		if turn == 0 {
			firsts++
		}
	}
	if firsts != n/2 {
		f.Errorf("%d of %d were first", firsts, n)
	}
}

func barrierTooWide(f *fixture) {
	_, err := parfor.Map(f.Context(), parfor.Range(f.slots+1), waitMany, parfor.On(f.x), parfor.KeepGoing())
	if failed := parfor.Failed(err); len(failed) != f.slots+1 || !errors.Is(err, dict.ErrTooWide) {
		f.Errorf("%d of %d are refused: %v", len(failed), f.slots+1, err)
	}
	_, err = parfor.Map(f.Context(), parfor.Range(4), waitPair, parfor.On(f.x), parfor.Workers(1))
	if !errors.Is(err, dict.ErrTooWide) {
		f.Errorf("two parties of a loop of one worker: %v", err)
	}
}

func barrierBroken(f *fixture) {
	items := []int{0}
	if f.remote {
		items = append(items, 1)
	}
	for _, n := range items {
		if f.slots == 1 {
			f.Skip("no two parties run at once")
		}
		_, err := parfor.Map(f.Context(), []int{n}, waitAlone, parfor.On(f.x), parfor.Timeout(50*time.Millisecond), parfor.Grace(50*time.Millisecond))
		if !errors.Is(err, parfor.ErrTaskTimeout) {
			f.Fatalf("item %d waited for nobody: %v", n, err)
		}
		if _, err := parfor.Map(f.Context(), []int{0, 0}, waitAlone, parfor.On(f.x), parfor.KeepGoing()); len(parfor.Failed(err)) != 2 || !errors.Is(err, dict.ErrBrokenBarrier) {
			f.Errorf("a party came to nothing, and the barrier is whole: %v", err)
		}
		if err := alone.Reset(f.Context()); err != nil {
			f.Fatal(err)
		}
	}
	_, err := parfor.Map(f.Context(), parfor.Range(2), waitOrReset, parfor.On(f.x), parfor.Chunk(1), parfor.KeepGoing())
	if failed := parfor.Failed(err); len(failed) != 1 || !errors.Is(failed[0], dict.ErrBrokenBarrier) {
		f.Errorf("it was reset: %v", err)
	}
}
