package dicttest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// increment is the tutorial's d[k] = d[k] + 1.
func increment(ctx context.Context, n int) (int, error) {
	v, _, err := ints.Get(ctx, n%3)
	if err != nil {
		return 0, err
	}
	return v + 1, ints.Set(ctx, n%3, v+1)
}

var _ = parfor.Register(increment)

func readThenWrite(f *fixture) {
	const n = 300
	expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(n), increment, parfor.On(f.x), parfor.OnConflict(parfor.Rerun)))
	want(f, ints, map[int]int{0: n / 3, 1: n / 3, 2: n / 3})
}

func countedByLoopError(f *fixture) {
	const n = 300
	out, err := parfor.Map(f.Context(), parfor.Range(n), increment, parfor.On(f.x), parfor.KeepGoing())
	failed := parfor.Failed(err)
	for i, err := range failed {
		if !errors.Is(err, parfor.ErrConflict) {
			f.Errorf("item %d: %v", i, err)
		}
	}
	sum := 0
	for _, v := range expect[map[int]int](f)(ints.Snapshot(f.Context())) {
		sum += v
	}
	lost := 0
	if all := (*parfor.LoopError)(nil); errors.As(err, &all) { // it has the first hundred errors, and counts the others
		lost = all.Failed
	}
	if sum != n-lost {
		f.Fatalf("%d of %d tasks succeeded, the sum is %d", n-lost, n, sum)
	}
	_ = out
}

func ticket(ctx context.Context, n int) (int, error) { return counts.AddGet(ctx, "ticket", 1) }

var _ = parfor.Register(ticket)

func distinctTickets(f *fixture) {
	const n = 200
	got := expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(n), ticket, parfor.On(f.x), parfor.OnConflict(parfor.Rerun)))
	slices.Sort(got)
	for i, v := range got {
		if v != i+1 {
			f.Fatalf("ticket %d is %d", i+1, v)
		}
	}
	want(f, counts, map[string]int{"ticket": n})
}

// raise stores the larger one and says which that is.
func raise(old int, ok bool, to int) (int, bool) { return max(old, to), true }

var _ = dict.RegisterCompute(raise)

func compute(ctx context.Context, n int) (int, error) {
	v, _, err := dict.Compute(ctx, counts, "top", raise, n)
	return v, err
}

var _ = parfor.Register(compute)

func computeReplayed(f *fixture) {
	counts.Set(f.Context(), "top", 50)
	got := expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(100), compute, parfor.On(f.x), parfor.OnConflict(parfor.Rerun)))
	for i, v := range got {
		if v < max(50, i) {
			f.Errorf("item %d was told %d", i, v)
		}
	}
	want(f, counts, map[string]int{"top": 99})
}

// skew is the classic write skew: each task reads both keys and writes one.
func skew(ctx context.Context, n int) error {
	a, _, err := ints.Get(ctx, 0)
	if err != nil {
		return err
	}
	b, _, err := ints.Get(ctx, 1)
	if err != nil {
		return err
	}
	if a+b >= 1 {
		return nil
	}
	return ints.Set(ctx, n%2, 1)
}

var _ = parfor.RegisterEach(skew)

func writeSkew(f *fixture) {
	for range 20 {
		ints.Clear(f.Context())
		if err := parfor.Each(f.Context(), parfor.Range(8), skew, parfor.On(f.x), parfor.Serializable(), parfor.OnConflict(parfor.Rerun)); err != nil {
			f.Fatal(err)
		}
		if m := expect[map[int]int](f)(ints.Snapshot(f.Context())); len(m) != 1 {
			f.Fatalf("no order of the tasks leaves %v", m)
		}
	}
}

// census writes how many entries it saw.
func census(ctx context.Context, n int) error {
	seen, err := ints.Len(ctx)
	if err != nil {
		return err
	}
	all, err := ints.Snapshot(ctx)
	if err != nil || len(all) != seen {
		return fmt.Errorf("the size is %d, a snapshot has %d: %w", seen, len(all), err)
	}
	return ints.Set(ctx, seen, n)
}

var _ = parfor.RegisterEach(census)

func wholeObserved(f *fixture) {
	const n = 30
	err := parfor.Each(f.Context(), parfor.Range(n), census, parfor.On(f.x), parfor.Serializable(), parfor.KeepGoing(), parfor.Attempts(2), parfor.OnConflict(parfor.Rerun))
	done := n - len(parfor.Failed(err))
	m := expect[map[int]int](f)(ints.Snapshot(f.Context()))
	for i := range done {
		if _, ok := m[i]; !ok {
			f.Fatalf("%d tasks succeeded one after the other, entry %d is missing: %v", done, i, m)
		}
	}
}

func manyAtOnce(ctx context.Context, n int) error {
	if n%2 == 0 {
		return errors.Join(ints.Set(ctx, 1, n), ints.Set(ctx, 2, n), ints.Set(ctx, 3, n))
	}
	got, err := ints.GetMany(ctx, 3, 1, 2, 4)
	if err != nil {
		return err
	}
	if got[0] != got[1] || got[1] != got[2] || got[3].OK {
		return fmt.Errorf("no moment has %v", got)
	}
	return nil
}

var _ = parfor.RegisterEach(manyAtOnce)

func getManyIsOneMoment(f *fixture) {
	if err := parfor.Each(f.Context(), parfor.Range(300), manyAtOnce, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
}

// keep records the key of each attempt and fails the first ones.
func keep(ctx context.Context, n int) error {
	lists.Append(ctx, "x", []int{n})
	if parforAttempt(ctx) < 3 {
		return fmt.Errorf("key %s", parfor.Key(ctx))
	}
	return words.Set(ctx, parfor.Key(ctx), itoa(n))
}

var _ = parfor.RegisterEach(keep)

func stableKeys(f *fixture) {
	const n = 50
	for range 2 {
		if err := parfor.Each(f.Context(), parfor.Range(n), keep, parfor.On(f.x), parfor.Attempts(3)); err != nil {
			f.Fatal(err)
		}
	}
	m := expect[map[string]string](f)(words.Snapshot(f.Context()))
	if len(m) != 2*n {
		f.Fatalf("%d keys for %d items", len(m), 2*n)
	}
}

var isBack = dict.NewEvent("is back", dict.FromOutside())

// meetOtherwise raises a number, and looks at it again after somebody has changed
// it; when it ends the number is what it was.
func meetOtherwise(ctx context.Context, inner bool) (int, error) {
	if !inner {
		return raiseAndLook(ctx, 7)
	}
	out, err := parfor.Map(ctx, []int{7}, raiseAndLook)
	if err != nil {
		return 0, err
	}
	return out[0], nil
}

func raiseAndLook(ctx context.Context, n int) (int, error) {
	if _, _, err := dict.Compute(ctx, counts, itoa(n), raise, 1); err != nil {
		return 0, err
	}
	if err := liveInts.Set(ctx, "raised", 1); err != nil {
		return 0, err
	}
	if err := isWritten.Wait(ctx); err != nil {
		return 0, err
	}
	_, _, met := counts.Get(ctx, itoa(n))
	if met == nil { // it runs again, and nobody comes between
		return 1, nil
	}
	if err := liveInts.Set(ctx, "met", 1); err != nil {
		return 0, err
	}
	return 0, errors.Join(isBack.Wait(ctx), met)
}

var _ = parfor.Register(meetOtherwise)

// metOtherwise is the case that the oracle found after nine million commits: a
// body meets a value that doesn't go with what it was told, fails with that, and
// by then the value is back, so that nothing it observed has changed.
func metOtherwise(f *fixture) {
	ctx := f.Context()
	for _, inner := range []bool{false, true} {
		err := errors.Join(liveInts.Delete(ctx, "raised"), liveInts.Delete(ctx, "met"), isWritten.Clear(ctx), isBack.Clear(ctx), counts.Set(ctx, "7", 1))
		if err != nil {
			f.Fatal(err)
		}
		changed := make(chan error, 1)
		go func() {
			_, raised := liveInts.WaitFor(ctx, "raised")
			away := errors.Join(raised, counts.Set(ctx, "7", 100), isWritten.Set(ctx))
			_, met := liveInts.WaitFor(ctx, "met")
			changed <- errors.Join(away, met, counts.Set(ctx, "7", 1), isBack.Set(ctx))
		}()
		got, err := parfor.Map(ctx, []bool{inner}, meetOtherwise, parfor.On(f.x), parfor.OnConflict(parfor.Rerun))
		if bad := <-changed; bad != nil {
			f.Fatal(bad)
		}
		if err != nil || got[0] != 1 {
			f.Errorf("inner %v: %v, %v; want the body to run again", inner, got, err)
		}
	}
}
