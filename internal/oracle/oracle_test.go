package oracle

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict/dicttest"
	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/writeset"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

var commits = flag.Int("commits", 20_000, "tasks of each run of the oracle")

func TestMain(m *testing.M) {
	flag.Parse()
	process.TestMain(leak.Around(m))
}

// run has the tasks done on x and replays them. Few keys make many conflicts.
func run(ctx context.Context, x parfor.Executor, n, keys int, opts ...parfor.Option) error {
	m := newModel(writeset.Last() + 1)
	reported := -1
	var mu sync.Mutex // the source runs on another goroutine than the consumer
	seed := rand.Uint64()
	orders := func(yield func(order) bool) {
		for i := range n {
			mu.Lock()
			o := order{seed, i, keys, reported}
			mu.Unlock()
			if !yield(o) {
				return
			}
		}
	}
	opts = append(opts, parfor.On(x), parfor.KeepGoing(), parfor.Attempts(3), parfor.OnConflict(parfor.Rerun))
	for r, err := range parfor.Stream(ctx, iter.Seq[order](orders), act, opts...) {
		if err != nil { // failed three times: it must have left nothing
			continue
		}
		if err := m.add(r.Commit, r.Out); err != nil {
			return err
		}
		mu.Lock()
		reported = r.Index
		mu.Unlock()
	}
	return m.end(ctx)
}

func TestInProcess(t *testing.T) {
	for _, keys := range []int{5, 1000} {
		t.Run(fmt.Sprint(keys), func(t *testing.T) {
			dicttest.Fresh(t)
			if err := run(t.Context(), parfor.Goroutines(8), *commits, keys); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestProcessesUnderKills(t *testing.T) {
	for _, keys := range []int{200, 100_000} {
		t.Run(fmt.Sprint(keys), func(t *testing.T) {
			dicttest.Fresh(t)
			if err := killed(t, *commits, keys); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// killed is run on worker processes of which one is killed now and then.
func killed(t *testing.T, n, keys int) error {
	pool, err := process.NewPool(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	k := &killer{pids: map[int]bool{}, quit: make(chan struct{}), gone: make(chan struct{})}
	go k.run()
	defer func() { close(k.quit); <-k.gone }()
	return run(t.Context(), pool, n, keys, parfor.Observe(k))
}

// TestFindsMutants plants one bug after the other: the oracle must find each.
//
//	go test -tags mutants -run Mutants ./internal/oracle
func TestFindsMutants(t *testing.T) {
	defer mutant.Plant("")
	for _, name := range mutant.All() {
		mutant.Plant(name)
		for where, try := range map[string]func(*testing.T) error{
			"goroutines": func(t *testing.T) error { return run(t.Context(), parfor.Goroutines(8), 20_000, 20) },
			"processes":  func(t *testing.T) error { return killed(t, 20_000, 200) },
		} {
			if name == "late" && where == "goroutines" {
				continue // planted where results of other processes are read
			}
			t.Run(name+"/"+where, func(t *testing.T) {
				dicttest.Fresh(t)
				err := try(t)
				if err == nil {
					t.Fatal("the oracle did not find it")
				}
				t.Log(err)
				time.Sleep(50 * time.Millisecond) // a late commit is on its way
			})
		}
	}
}

// killer kills a worker at random, about every 100 ms.
type killer struct {
	mu         sync.Mutex
	pids       map[int]bool
	quit, gone chan struct{}
}

func (k *killer) run() {
	defer close(k.gone)
	for {
		select {
		case <-k.quit:
			return
		case <-time.After(50*time.Millisecond + rand.N(100*time.Millisecond)):
		}
		k.mu.Lock()
		for pid := range k.pids {
			delete(k.pids, pid)
			if p, err := os.FindProcess(pid); err == nil {
				p.Signal(syscall.SIGKILL)
			}
			break
		}
		k.mu.Unlock()
	}
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
