package dicttest

import (
	"context"
	"errors"
	"os"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

var visited = dict.New[string, int]("visited")

// visit claims a page that several items lead to, and fetches it if it is its.
func visit(ctx context.Context, n int) (bool, error) {
	page := itoa(n % 40)
	mine, err := visited.Claim(ctx, page)
	if err != nil || !mine {
		return false, err
	}
	if again, err := visited.Claim(ctx, page); err != nil || !again {
		return false, errBody
	}
	if parforAttempt(ctx) == 1 && n%7 == 3 {
		return false, errBody // the claim comes to nothing
	}
	return true, visited.Add(ctx, page, 1)
}

var _ = parfor.Register(visit)

func claimedOnce(f *fixture) {
	const n = 200
	got := expect[[]bool](f)(parfor.Map(f.Context(), parfor.Range(n), visit, parfor.On(f.x), parfor.Attempts(2)))
	fetched := map[int]int{}
	for i, mine := range got {
		if mine {
			fetched[i%40]++
		}
	}
	m := map[string]int{}
	for i := range 40 {
		if fetched[i] != 1 {
			f.Errorf("page %d was fetched %d times", i, fetched[i])
		}
		m[itoa(i)] = 1
	}
	want(f, visited, m)
}

func visitAndDie(ctx context.Context, n int) (bool, error) {
	mine, err := visited.Claim(ctx, itoa(n))
	if err != nil || !mine {
		return false, err
	}
	if parforAttempt(ctx) == 1 && n%5 == 2 {
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
		<-ctx.Done()
	}
	return true, nil
}

var _ = parfor.Register(visitAndDie)

func killedClaimIsFree(f *fixture) {
	if !f.remote {
		f.Skip("bodies run in this process")
	}
	const n = 40
	got, err := parfor.Map(f.Context(), parfor.Range(n), visitAndDie, parfor.On(f.x), parfor.Attempts(20), parfor.KeepGoing())
	if err != nil {
		f.Fatal(err)
	}
	for i, mine := range got {
		if !mine {
			f.Errorf("the claim of item %d, whose worker was killed, is not free", i)
		}
	}
	if n, err := visited.Len(f.Context()); n != 40 || err != nil {
		f.Fatalf("%d pages, %v", n, err)
	}
}

// claimInside claims in a loop inside the task; what a failed inner task claimed
// is free for the next.
func claimInside(ctx context.Context, n int) (int, error) {
	if err := parfor.Each(ctx, []int{n}, claimAndFail); err == nil {
		return 0, errBody
	}
	won := 0
	for _, mine := range must(parfor.Map(ctx, []int{n, n, n}, claimOnly)) {
		if mine {
			won++
		}
	}
	return won, nil
}

func claimAndFail(ctx context.Context, n int) error {
	if mine, err := visited.Claim(ctx, itoa(n)); err != nil || !mine {
		return nil
	}
	return errBody
}

func claimOnly(ctx context.Context, n int) (bool, error) { return visited.Claim(ctx, itoa(n)) }

var _ = parfor.Register(claimInside)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func nestedClaims(f *fixture) {
	for i, won := range expect[[]int](f)(parfor.Map(f.Context(), parfor.Range(20), claimInside, parfor.On(f.x))) {
		if won != 1 {
			f.Errorf("%d inner tasks of item %d got the claim", won, i)
		}
	}
	if n, _ := visited.Len(f.Context()); n != 20 {
		f.Errorf("%d keys are claimed, want 20", n)
	}
}

var isWritten = dict.NewEvent("is written", dict.FromOutside())

func claimAndWait(ctx context.Context, n int) (bool, error) {
	mine, err := visited.Claim(ctx, itoa(n))
	if err != nil || parforAttempt(ctx) > 1 {
		return mine, err
	}
	if err := liveInts.Set(ctx, "claimed", n); err != nil { // at once, where an event is set with the commit
		return false, err
	}
	return mine, isWritten.Wait(ctx)
}

var _ = parfor.Register(claimAndWait)

// writtenWhileClaimed has code outside tasks write a key that a task has claimed:
// the task was told that nobody has it, which no longer holds.
func writtenWhileClaimed(f *fixture) {
	ctx := f.Context()
	for _, rerun := range []bool{false, true} {
		if err := errors.Join(liveInts.Delete(ctx, "claimed"), isWritten.Clear(ctx), visited.Clear(ctx)); err != nil {
			f.Fatal(err)
		}
		wrote := make(chan error, 1)
		go func() {
			_, err := liveInts.WaitFor(ctx, "claimed")
			wrote <- errors.Join(err, visited.Set(ctx, "7", 70), isWritten.Set(ctx))
		}()
		opts := []parfor.Option{parfor.On(f.x)}
		if rerun {
			opts = append(opts, parfor.OnConflict(parfor.Rerun))
		}
		got, err := parfor.Map(ctx, []int{7}, claimAndWait, opts...)
		if err := <-wrote; err != nil {
			f.Fatal(err)
		}
		if !rerun && !errors.Is(err, parfor.ErrConflict) {
			f.Errorf("a task whose claimed key was written ends with %v, %v", got, err)
		}
		if rerun && (err != nil || got[0]) {
			f.Errorf("run again it ends with %v, %v", got, err)
		}
		want(f, visited, map[string]int{"7": 70})
	}
}
