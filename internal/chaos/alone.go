//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"

	"parfor.dev/parfor"
)

// Tasks that come alone, from goroutines that wait for each, go another way than
// those of loops: see process/host.go. They have a pool of their own, since the way
// is open only while nothing else wants the workers.

// alone doubles; one less than 0 dies instead.
func alone(_ context.Context, n int) (int, error) {
	if n < 0 {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return 2 * n, nil
}

var _ = parfor.Register(alone)

// calls is how many of them there are.
func (p *plan) calls() int { return p.tasks / 50 }

// callAlone has two goroutines call, and kills workers meanwhile. Each call
// returns once: what it should, or that its worker died, if somebody killed that.
func (p *plan) callAlone(ctx context.Context, room string) (err error) {
	pool, err := p.newPool(ctx, 2, 1, room)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var mu sync.Mutex
	killed := map[int]bool{}
	var killer sync.WaitGroup
	quiet := make(chan struct{})
	killer.Go(func() {
		rng := rand.New(rand.NewPCG(p.seed, 4))
		for p.every > 0 {
			select {
			case <-quiet:
				return
			case <-time.After(p.every):
			}
			pids := pool.PIDs()
			if len(pids) == 0 {
				continue
			}
			pid := pids[rng.IntN(len(pids))]
			mu.Lock()
			killed[pid] = true
			mu.Unlock()
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})

	var callers sync.WaitGroup
	for c := range 2 {
		callers.Go(func() {
			rng := rand.New(rand.NewPCG(p.seed, 5+uint64(c)))
			for i := range p.calls() / 2 {
				in := i
				if rng.IntN(1000) == 0 {
					in = -1 - i
				}
				out, err := parfor.Submit(ctx, pool, alone, in).Result(ctx)
				var died *parfor.WorkerError
				switch {
				case err == nil && in >= 0 && out == 2*in:
				case errors.As(err, &died) && in < 0:
				case errors.As(err, &died):
					mu.Lock()
					ours := killed[died.PID]
					mu.Unlock()
					if !ours {
						cancel(fmt.Errorf("call %d: nobody did that to worker %d: %w", in, died.PID, err))
						return
					}
				default:
					cancel(fmt.Errorf("call %d: %d, %w", in, out, err))
					return
				}
			}
		})
	}
	callers.Wait()
	close(quiet)
	killer.Wait()
	return context.Cause(ctx)
}
