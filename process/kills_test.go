package process_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// Over many kills at random moments: every item is accounted for, exactly the
// started ones fail, and what a dead worker had published is what was read.
func TestC32_KillsCostExactlyWhatRan(t *testing.T) {
	kills := 1000
	if testing.Short() {
		kills = 50
	}
	for _, k := range []int{1, 3} {
		p := pool(t, 4, process.ItemsPerWorker(k), process.Stderr(discard{}))
		var killed, lost int
		for killed < kills/2 {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				rng := rand.New(rand.NewPCG(uint64(killed), 7))
				for ctx.Err() == nil {
					if pids := p.PIDs(); len(pids) > 0 && rng.IntN(200) == 0 {
						if syscall.Kill(pids[rng.IntN(len(pids))], syscall.SIGKILL) == nil {
							killed++
						}
					}
					parfor.Submit(ctx, p, double, 1).Result(ctx)
				}
			}()
			const n = 60_000
			out, err := parfor.Map(t.Context(), upTo(n), double, parfor.On(p), parfor.KeepGoing())
			cancel()
			<-done
			failed := map[int]bool{}
			var le *parfor.LoopError
			if errors.As(err, &le) {
				for _, te := range le.First {
					var we *parfor.WorkerError
					if !errors.As(te, &we) {
						t.Fatalf("item %d: %v", te.Index, te)
					}
					failed[te.Index] = true
				}
				if le.Failed != len(failed) && le.Failed <= 100 {
					t.Fatalf("%d failed, %d named", le.Failed, len(failed))
				}
				lost += le.Failed
			} else if err != nil {
				t.Fatal(err)
			}
			for i, v := range out {
				if v != 2*i && (le == nil || le.Done(i)) {
					t.Fatalf("item %d is said to be done and has %d", i, v)
				}
			}
		}
		if lost > killed*k {
			t.Errorf("k=%d: %d kills cost %d items", k, killed, lost)
		}
		t.Logf("k=%d: %d kills cost %d items", k, killed, lost)
		eventually(t, "equal counts", func() bool {
			published, read := p.Finished()
			return published == read
		})
	}
}
