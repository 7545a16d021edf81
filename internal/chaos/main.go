//go:build unix

// Command chaos runs a loop on worker processes while a killer sends SIGKILL
// to a random one of them, and accounts for every item afterwards: each kill
// costs at most the item that was running, that item is named once, every
// other result is right, and a dictionary counted exactly the successes.
//
//	go run ./internal/chaos -runs 10
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

// successes counts the tasks that succeeded, under one key.
var successes = dict.New[string, int]("successes")

func double(ctx context.Context, n int) (int, error) {
	if err := successes.Add(ctx, "tasks", 1); err != nil {
		return 0, err
	}
	return 2 * n, nil
}

var _ = parfor.Register(double)

func main() {
	tasks := flag.Int("tasks", 1_000_000, "tasks of a run")
	every := flag.Duration("every", 50*time.Millisecond, "time between kills")
	workers := flag.Int("workers", 4, "worker processes")
	runs := flag.Int("runs", 1, "runs")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the choice of victims")
	flag.Parse()
	process.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("%d tasks on %d workers, a SIGKILL every %v, seed %d\n", *tasks, *workers, *every, *seed)
	for run := range *runs {
		if err := once(ctx, run+1, *tasks, *workers, *every, *seed+uint64(run)); err != nil {
			log.Fatalf("run %d: %v", run+1, err)
		}
	}
}

func once(ctx context.Context, run, tasks, workers int, every time.Duration, seed uint64) error {
	if err := successes.Clear(ctx); err != nil {
		return err
	}
	pool, err := process.NewPool(ctx, workers)
	if err != nil {
		return err
	}
	k := newKiller(every, seed)
	begin := time.Now()
	out, loopErr := parfor.Map(ctx, parfor.Range(tasks), double, parfor.On(pool), parfor.KeepGoing(), parfor.Observe(k))
	took := time.Since(begin)
	k.stop()
	if err := pool.Close(); err != nil {
		return fmt.Errorf("closing the pool: %w", err)
	}
	lost, err := account(out, loopErr, k.kills)
	if err != nil {
		return err
	}
	counted, _, err := successes.Get(ctx, "tasks")
	if err != nil {
		return err
	}
	if counted != tasks-lost {
		return fmt.Errorf("the dictionary counted %d, %d tasks succeeded", counted, tasks-lost)
	}
	fmt.Printf("run %d: %d tasks in %v, %d kills, %d items lost and named, dictionary %d: exact\n",
		run, tasks, took.Round(time.Millisecond), k.kills, lost, counted)
	return ctx.Err()
}

// account checks every result and returns how many items the kills cost.
func account(out []int, loopErr error, kills int) (lost int, err error) {
	done := func(int) bool { return true }
	if loopErr != nil {
		var le *parfor.LoopError
		if !errors.As(loopErr, &le) {
			return 0, loopErr
		}
		if le.Cause != nil {
			return 0, le.Cause
		}
		lost, done = le.Failed, le.Done
		for _, t := range le.First {
			var w *parfor.WorkerError
			if !errors.As(t, &w) || w.Cause != parfor.Killed {
				return 0, fmt.Errorf("failed otherwise than by a kill: %w", t)
			}
		}
	}
	missing := 0
	for i, v := range out {
		switch {
		case !done(i):
			missing++
		case v != 2*i:
			return 0, fmt.Errorf("item %d: result %d, want %d", i, v, 2*i)
		}
	}
	if missing != lost || lost > kills {
		return 0, fmt.Errorf("%d items without a result, %d failures named, %d kills", missing, lost, kills)
	}
	return lost, nil
}

// killer learns the workers' processes as an observer and kills one of them
// now and then.
type killer struct {
	mu    sync.Mutex
	pids  map[int]bool
	kills int
	quit  chan struct{}
	gone  chan struct{}
}

func newKiller(every time.Duration, seed uint64) *killer {
	k := &killer{pids: map[int]bool{}, quit: make(chan struct{}), gone: make(chan struct{})}
	go k.run(every, rand.New(rand.NewPCG(seed, 0)))
	return k
}

func (k *killer) run(every time.Duration, random *rand.Rand) {
	defer close(k.gone)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-k.quit:
			return
		case <-tick.C:
			k.kill(random)
		}
	}
}

// kill ends one worker. A process that has ended is a zombie, whose number is
// not given out again, until the pool says that it is down.
func (k *killer) kill(random *rand.Rand) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.pids) == 0 {
		return
	}
	n := random.IntN(len(k.pids))
	for pid := range k.pids {
		if n--; n < 0 {
			delete(k.pids, pid)
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				k.kills++
			}
			return
		}
	}
}

func (k *killer) stop() {
	close(k.quit)
	<-k.gone
}

func (k *killer) Start(observe.Start) {}
func (k *killer) Frame(observe.Frame) {}
func (k *killer) End(observe.End)     {}

func (k *killer) Event(e observe.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch e.Kind {
	case observe.WorkerUp:
		k.pids[e.PID] = true
	case observe.WorkerDown:
		delete(k.pids, e.PID)
	}
}
