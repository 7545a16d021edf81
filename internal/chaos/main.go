//go:build unix

// Command chaos runs a loop on worker processes while a killer sends SIGKILL
// to a random one of them, and accounts for every item afterwards: each kill
// costs at most the item that was running, that item is named once, every
// other result is right, and a dictionary counted exactly the successes.
//
//	go run ./internal/chaos -runs 10
//	go run ./internal/chaos -count get-set -attempts 3 -workers 8 -every 100ms -tasks 10000000
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

// successes counts the tasks that succeeded, spread over some keys.
var successes = dict.New[int, int]("successes")

func byAdd(ctx context.Context, n int) (int, error) {
	return 2 * n, successes.Add(ctx, n%parfor.Arg[keys](ctx).N, 1)
}

// byGetSet is the tutorial's d[k] = d[k] + 1.
func byGetSet(ctx context.Context, n int) (int, error) {
	k := n % parfor.Arg[keys](ctx).N
	v, _, err := successes.Get(ctx, k)
	if err != nil {
		return 0, err
	}
	return 2 * n, successes.Set(ctx, k, v+1)
}

type keys struct{ N int }

var (
	_ = parfor.Register(byAdd)
	_ = parfor.Register(byGetSet)
)

// counting is how the tasks count.
var counting = map[string]func(context.Context, int) (int, error){"add": byAdd, "get-set": byGetSet}

type plan struct {
	tasks, workers, attempts, keys int
	every                          time.Duration
	body                           func(context.Context, int) (int, error)
}

func main() {
	tasks := flag.Int("tasks", 1_000_000, "tasks of a run")
	every := flag.Duration("every", 50*time.Millisecond, "time between kills")
	workers := flag.Int("workers", 4, "worker processes")
	attempts := flag.Int("attempts", 1, "attempts of a task")
	spread := flag.Int("keys", 100_000, "keys that the tasks count under")
	count := flag.String("count", "add", "how a task counts: add, or get-set")
	runs := flag.Int("runs", 1, "runs")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the choice of victims")
	flag.Parse()
	process.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p := plan{*tasks, *workers, *attempts, *spread, *every, counting[*count]}
	if p.body == nil {
		log.Fatalf("-count %q: add or get-set", *count)
	}
	fmt.Printf("%d tasks that count by %s under %d keys, on %d workers, %d attempts each, a SIGKILL every %v, seed %d\n",
		p.tasks, *count, p.keys, p.workers, p.attempts, p.every, *seed)
	for run := range *runs {
		if err := once(ctx, run+1, &p, *seed+uint64(run)); err != nil {
			log.Fatalf("run %d: %v", run+1, err)
		}
	}
}

func once(ctx context.Context, run int, p *plan, seed uint64) error {
	if err := successes.Clear(ctx); err != nil {
		return err
	}
	pool, err := process.NewPool(ctx, p.workers)
	if err != nil {
		return err
	}
	k := newKiller(p.every, seed)
	begin := time.Now()
	out, loopErr := parfor.Map(ctx, parfor.Range(p.tasks), p.body, parfor.On(pool), parfor.KeepGoing(), parfor.Observe(k),
		parfor.Attempts(p.attempts), parfor.OnConflict(parfor.Rerun), parfor.With(keys{p.keys}))
	took := time.Since(begin)
	k.stop()
	if err := pool.Close(); err != nil {
		return fmt.Errorf("closing the pool: %w", err)
	}
	lost, err := account(out, loopErr, k.kills)
	if err != nil {
		return err
	}
	counted := 0
	for _, v := range successes.All(ctx) {
		counted += v
	}
	if counted != p.tasks-lost {
		return fmt.Errorf("the dictionary counted %d, %d tasks succeeded", counted, p.tasks-lost)
	}
	fmt.Printf("run %d: %d tasks in %v, %d kills, %d items lost and named, dictionary %d: exact\n",
		run, p.tasks, took.Round(time.Millisecond), k.kills, lost, counted)
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
