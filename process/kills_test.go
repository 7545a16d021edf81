//go:build unix

package process_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// Over many kills at random moments: every item is accounted for, exactly the
// started ones fail, and what a dead worker had published is what was read.
func TestC32_KillsCostExactlyWhatRan(t *testing.T) {
	kills := map[int]int{1: 700, 3: 300}
	if testing.Short() {
		kills = map[int]int{1: 60, 3: 30}
	}
	for k, enough := range kills {
		p, err := process.NewPool(t.Context(), 4, process.ItemsPerWorker(k), process.Stderr(discard{}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		killed := make(chan int)
		go func() { killed <- killer(ctx, p, enough, cancel) }()
		lost := 0
		for ctx.Err() == nil {
			lost += accounted(t, p, 60_000)
		}
		n := <-killed
		if lost > n*k {
			t.Errorf("k=%d: %d kills cost %d items", k, n, lost)
		}
		t.Logf("k=%d: %d kills cost %d items", k, n, lost)
		p.Close()
		published, read := p.Ledger()
		if published != read || published == 0 {
			t.Errorf("k=%d: workers published %d results, %d were read", k, published, read)
		}
	}
}

// killer kills random workers, then cancels.
func killer(ctx context.Context, p *process.Pool, enough int, cancel func()) (killed int) {
	defer cancel()
	rng := rand.New(rand.NewPCG(uint64(enough), 7))
	for killed < enough && ctx.Err() == nil {
		if pids := p.PIDs(); len(pids) > 0 && syscall.Kill(pids[rng.IntN(len(pids))], syscall.SIGKILL) == nil {
			killed++
		}
		time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
	}
	return killed
}

// accounted runs a loop, checks what became of every item, and returns how many
// were lost.
func accounted(t *testing.T, p *process.Pool, n int) int {
	t.Helper()
	out, err := parfor.Map(t.Context(), upTo(n), double, parfor.On(p), parfor.KeepGoing())
	var le *parfor.LoopError
	if err != nil && !errors.As(err, &le) {
		t.Fatal(err)
	}
	lost := 0
	for i, v := range out {
		done := le == nil || le.Done(i)
		if !done {
			lost++
		}
		if done != (v == 2*i) && i > 0 {
			t.Fatalf("item %d: done is %v and its result %d", i, done, v)
		}
	}
	if le == nil {
		return 0
	}
	if le.Failed != lost || le.Cause != nil {
		t.Fatalf("%d failed, %d not done, cause %v", le.Failed, lost, le.Cause)
	}
	for _, te := range le.First {
		var we *parfor.WorkerError
		if !errors.As(te, &we) || le.Done(te.Index) {
			t.Fatalf("item %d: %v", te.Index, te)
		}
	}
	return lost
}
