package dicttest

import (
	"context"
	"errors"
	"os"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var (
	jobs    = dict.NewQueue[int]("jobs", 1000)
	letters = dict.NewQueue[string]("letters", 4)
)

func die(ctx context.Context) {
	p, _ := os.FindProcess(os.Getpid())
	p.Kill()
	<-ctx.Done()
}

// takeJob takes a job; the first attempt of every third item fails with it.
func takeJob(ctx context.Context, n int) (int, error) {
	v, err := jobs.Take(ctx)
	if err != nil {
		return 0, err
	}
	if parforAttempt(ctx) == 1 && n%3 == 0 {
		return 0, errBody
	}
	return v, ints.Add(ctx, v, 1)
}

// takeJobOrDie is takeJob whose worker is killed now and then.
func takeJobOrDie(ctx context.Context, n int) (int, error) {
	v, err := jobs.Take(ctx)
	if err != nil {
		return 0, err
	}
	if parforAttempt(ctx) == 1 && n%101 == 50 {
		die(ctx)
	}
	return v, ints.Add(ctx, v, 1)
}

var (
	_ = parfor.Register(takeJob)
	_ = parfor.Register(takeJobOrDie)
)

func fillJobs(f *fixture, n int) {
	f.Helper()
	for i := range n {
		if ok, err := jobs.TryPut(f.Context(), i); !ok || err != nil {
			f.Fatalf("TryPut(%d) = %v, %v", i, ok, err)
		}
	}
}

// eachOnce fails the test unless the results are the numbers up to n.
func eachOnce(f *fixture, got []int, n int) {
	f.Helper()
	slices.Sort(got)
	once := map[int]int{}
	for i := range n {
		if i >= len(got) || got[i] != i {
			f.Fatalf("job %d was not taken exactly once: %v", i, got)
		}
		once[i] = 1
	}
	want(f, ints, once)
	if n, err := jobs.Len(f.Context()); n != 0 || err != nil {
		f.Errorf("%d jobs are left, %v", n, err)
	}
}

func queueTakenOnce(f *fixture) {
	const n = 60
	fillJobs(f, n)
	eachOnce(f, expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(n), takeJob, parfor.On(f.x), parfor.Attempts(3))), n)
}

func queueKilledTaker(f *fixture) {
	if !f.remote {
		f.Skip("bodies run in this process")
	}
	fillJobs(f, 51)
	eachOnce(f, expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(51), takeJobOrDie, parfor.On(f.x), parfor.Attempts(9))), 51)
}

func queueWithKills(f *fixture) {
	if !f.remote {
		f.Skip("bodies run in this process")
	}
	const n = 1000
	fillJobs(f, n)
	eachOnce(f, expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(n), takeJobOrDie, parfor.On(f.x), parfor.Attempts(20))), n)
}

// writeLetters puts two values; an odd item fails after that.
func writeLetters(ctx context.Context, n int) error {
	if err := errors.Join(letters.Put(ctx, "a"+itoa(n)), letters.Put(ctx, "b"+itoa(n))); err != nil {
		return err
	}
	if _, ok, err := letters.TryTake(ctx); ok || err != nil {
		return errors.Join(errors.New("a task got what is not committed"), err)
	}
	if n%2 == 1 {
		return errBody
	}
	return nil
}

var _ = parfor.RegisterEach(writeLetters)

func queuePuts(f *fixture) {
	takeAll := func(texts ...string) {
		f.Helper()
		for _, text := range texts {
			if v, ok, err := letters.TryTake(f.Context()); v != text || !ok || err != nil {
				f.Fatalf("TryTake = %q, %v, %v; want %q", v, ok, err, text)
			}
		}
		if n, err := letters.Len(f.Context()); n != 0 || err != nil {
			f.Fatalf("%d letters are left, %v", n, err)
		}
	}
	if err := parfor.Each(f.Context(), []int{0}, writeLetters, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	letters.Put(f.Context(), "more")
	takeAll("a0", "b0", "more")
	if err := parfor.Each(f.Context(), []int{1}, writeLetters, parfor.On(f.x)); !errors.Is(err, errBody) {
		f.Fatal(err)
	}
	for i := range 5 { // the places of the failed task are free, and no more
		if ok, err := letters.TryPut(f.Context(), itoa(i)); ok != (i < 4) || err != nil {
			f.Fatalf("TryPut %d = %v, %v", i, ok, err)
		}
	}
	takeAll("0", "1", "2", "3")
}

// drainJobs takes until nothing is left.
func drainJobs(ctx context.Context, n int) (got []int, err error) {
	for {
		v, err := jobs.Take(ctx)
		if errors.Is(err, dict.ErrQueueClosed) {
			return got, nil
		}
		if err != nil {
			return nil, err
		}
		if got = append(got, v); parforAttempt(ctx) == 1 && n == 0 {
			return nil, errBody
		}
		if err := ints.Add(ctx, v, 1); err != nil {
			return nil, err
		}
	}
}

func closeJobs(ctx context.Context, _ int) error { return jobs.Close(ctx) }

var (
	_ = parfor.Register(drainJobs)
	_ = parfor.RegisterEach(closeJobs)
)

func queueDrained(f *fixture) {
	fillJobs(f, 50)
	if err := parfor.Each(f.Context(), []int{0}, closeJobs, parfor.On(f.x)); err != nil {
		f.Fatal(err)
	}
	if err := jobs.Put(f.Context(), 1); !errors.Is(err, dict.ErrQueueClosed) {
		f.Errorf("Put after Close: %v", err)
	}
	var all []int
	for _, got := range expect[[][]int](f)(parfor.Map(f.Context(), parfor.Range(4), drainJobs, parfor.On(f.x), parfor.Attempts(2))) {
		all = append(all, got...)
	}
	eachOnce(f, all, 50)
}
