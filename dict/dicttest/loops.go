package dicttest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"parfor.dev/parfor"
)

// failAt50 fails one item in the middle of a loop.
func failAt50(ctx context.Context, n int) (int, error) {
	if _, err := countOne(ctx, n); err != nil {
		return 0, err
	}
	if n == 50 {
		return 0, errBody
	}
	return n, nil
}

var _ = parfor.Register(failAt50)

func failedLoop(f *fixture) {
	const n = 5000
	_, err := parfor.Map(f.Context(), parfor.Range(n), failAt50, parfor.On(f.x))
	var le *parfor.LoopError
	if !errors.As(err, &le) || !errors.Is(err, errBody) {
		f.Fatalf("want a *LoopError: %v", err)
	}
	if le.Done(50) {
		f.Error("the failed item is done")
	}
	checkSums(f, n, le.Done)
}

func brokenLoop(f *fixture) {
	const n = 5000
	yielded := map[int]bool{}
	for r, err := range parfor.Stream(f.Context(), slices.Values(parfor.Range(n)), countOne, parfor.On(f.x)) {
		if err != nil {
			f.Fatal(err)
		}
		yielded[r.In] = true
		if len(yielded) == 20 {
			break
		}
	}
	m := expect[map[int]int](f)(ints.Snapshot(f.Context()))
	for i := range yielded {
		if m[i] != i*i {
			f.Fatalf("item %d was yielded, and its write is %d", i, m[i])
		}
	}
	checkSums(f, n, func(i int) bool { _, ok := m[i]; return ok })
}

func outsideCalls(f *fixture) {
	ctx := f.Context()
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := range 300 {
				m := map[string]int{"a": i, "b": i, "w": w}
				if err := errors.Join(counts.Update(ctx, m), ints.Add(ctx, 0, 1)); err != nil {
					f.Error(err)
				}
				if i%10 == 0 {
					if err := counts.Clear(ctx); err != nil {
						f.Error(err)
					}
				}
			}
		})
	}
	wg.Go(func() {
		for range 300 {
			m, err := counts.Snapshot(ctx)
			if err != nil || m["a"] != m["b"] || len(m) != 0 && len(m) != 3 {
				f.Errorf("a snapshot sees half of a commit: %v, %v", m, err)
				return
			}
		}
	})
	wg.Wait()
	want(f, ints, map[int]int{0: 600})
	if err := counts.Set(ctx, "k", 1); err != nil {
		f.Fatal(err)
	}
	if v, ok, err := counts.Get(ctx, "k"); v != 1 || !ok || err != nil {
		f.Errorf("a call that returned is not seen: %d, %v, %v", v, ok, err)
	}
}
