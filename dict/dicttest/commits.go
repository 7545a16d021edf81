package dicttest

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"parfor.dev/parfor"
)

func lateWriter(ctx context.Context, n int) (int, error) {
	if err := ints.Set(ctx, n, 1); err != nil {
		return 0, err
	}
	if n%2 == 0 {
		<-ctx.Done()
		if err := ints.Set(ctx, n, 2); err != nil {
			return 0, err
		}
	}
	return n, nil // too late, and yet without an error
}

var _ = parfor.Register(lateWriter)

func timedOutLeavesNothing(f *fixture) {
	_, err := parfor.Map(f.Context(), parfor.Range(6), lateWriter, parfor.On(f.x), parfor.KeepGoing(), parfor.Timeout(300*time.Millisecond), parfor.Grace(20*time.Second))
	if failed := parfor.Failed(err); len(failed) != 3 || !errors.Is(failed[2], parfor.ErrTaskTimeout) {
		f.Fatalf("3 of 6 should time out: %v", err)
	}
	want(f, ints, map[int]int{1: 1, 3: 1, 5: 1})
}

func writeAndDie(ctx context.Context, n int) (int, error) {
	if _, err := countOne(ctx, n); err != nil {
		return 0, err
	}
	if n%10 == 3 {
		p, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = p.Kill()
		}
		<-ctx.Done()
		return 0, err
	}
	return n, nil
}

var _ = parfor.Register(writeAndDie)

func killedLeavesNothing(f *fixture) {
	if !f.remote {
		f.Skip("bodies run in this process")
	}
	const n = 100
	_, err := parfor.Map(f.Context(), parfor.Range(n), writeAndDie, parfor.On(f.x), parfor.KeepGoing())
	failed := parfor.Failed(err) // those that ran beside a killed one in its process, too
	for i := 3; i < n; i += 10 {
		if failed[i] == nil {
			f.Errorf("item %d killed its process and did not fail", i)
		}
	}
	for i, err := range failed {
		if we := (*parfor.WorkerError)(nil); !errors.As(err, &we) {
			f.Errorf("item %d: %v", i, err)
		}
	}
	checkSums(f, n, func(n int) bool { return failed[n] == nil })
}

// checkSums compares with what countOne did for the items below n that ok
// says succeeded.
func checkSums(f *fixture, n int, ok func(int) bool) {
	f.Helper()
	squares, names := map[int]int{}, map[int]string{}
	for i := range n {
		if ok(i) {
			squares[i] = i * i
			names[i] = "text " + itoa(i)
		}
	}
	want(f, ints, squares)
	want(f, texts, names)
	want(f, counts, map[string]int{"n": len(squares)})
}

func successCommits(f *fixture) {
	const n = 500
	expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(n), countOne, parfor.On(f.x)))
	checkSums(f, n, func(int) bool { return true })
}

func failureLeavesNothing(f *fixture) {
	const n = 300
	_, err := parfor.Map(f.Context(), parfor.Range(n), countThenFail, parfor.On(f.x), parfor.KeepGoing())
	if failed := parfor.Failed(err); len(failed) != 100 {
		f.Fatalf("%d items failed, want 100: %v", len(failed), err)
	}
	checkSums(f, n, func(i int) bool { return i%3 != 0 })
}

func failTwice(ctx context.Context, n int) (int, error) {
	tries, _, err := ints.Get(ctx, -1-n)
	if err != nil {
		return 0, err
	}
	if tries != 0 {
		return 0, errors.New("a failed attempt left a write")
	}
	if err := errors.Join(ints.Add(ctx, -1-n, 1), counts.Add(ctx, "n", 1)); err != nil {
		return 0, err
	}
	if parforAttempt(ctx) < 3 {
		return 0, errBody
	}
	return n, nil
}

var _ = parfor.Register(failTwice)

func repeatsCountOnce(f *fixture) {
	const n = 60
	expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(n), failTwice, parfor.On(f.x), parfor.Attempts(3), parfor.Backoff(time.Millisecond, 5*time.Millisecond)))
	want(f, counts, map[string]int{"n": n})
	once := map[int]int{}
	for i := range n {
		once[-1-i] = 1
	}
	want(f, ints, once)
}

func badResult(ctx context.Context, n int) (*flawed, error) {
	return &flawed{Bad: n%2 == 1}, counts.Add(ctx, "n", 1)
}

var _ = parfor.Register(badResult)

func unencodableResult(f *fixture) {
	if !f.remote {
		f.Skip("results are not encoded")
	}
	_, err := parfor.Map(f.Context(), parfor.Range(20), badResult, parfor.On(f.x), parfor.KeepGoing())
	if failed := parfor.Failed(err); len(failed) != 10 {
		f.Fatalf("%d of 20 failed, want 10: %v", len(failed), err)
	}
	want(f, counts, map[string]int{"n": 10})
}

// overwrite writes one key from every item: the item with the highest commit
// number must be the one that stays.
func overwrite(ctx context.Context, n int) (int, error) {
	return n, errors.Join(ints.Set(ctx, 0, n), ints.Set(ctx, 1, n))
}

var _ = parfor.Register(overwrite)

func oneOrder(f *fixture) {
	const n = 200
	var numbers []uint64
	last, top := -1, uint64(0)
	for r, err := range parfor.Stream(f.Context(), slices.Values(parfor.Range(n)), overwrite, parfor.On(f.x)) {
		if err != nil {
			f.Fatal(err)
		}
		numbers = append(numbers, r.Commit)
		if r.Commit > top {
			last, top = r.In, r.Commit
		}
	}
	slices.Sort(numbers)
	if u := slices.Compact(slices.Clone(numbers)); len(u) != n || u[0] == 0 {
		f.Fatalf("%d items have %d different commit numbers, the lowest %d", n, len(u), u[0])
	}
	want(f, ints, map[int]int{0: last, 1: last})
}

func committedBeforeYielded(f *fixture) {
	for r, err := range parfor.Stream(f.Context(), slices.Values(parfor.Range(200)), countOne, parfor.On(f.x)) {
		if err != nil {
			f.Fatal(err)
		}
		if v, ok, err := ints.Get(f.Context(), r.In); !ok || v != r.In*r.In || err != nil {
			f.Fatalf("item %d is yielded, its write reads %d, %v, %v", r.In, v, ok, err)
		}
	}
	fut := parfor.Submit(f.Context(), f.x, countOne, 1000)
	expect[int](f)(fut.Result(f.Context()))
	if _, ok, _ := ints.Get(f.Context(), 1000); !ok {
		f.Fatal("a future is done, its write is not there")
	}
}
