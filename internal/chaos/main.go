//go:build linux

// Command chaos tries to break the pool of worker processes, and accounts for
// every item afterwards. While loops run, their bodies crash, hang, eat memory,
// close and overwrite what the worker shares with its pool, and leave processes
// behind; an enemy outside kills, stops and signals workers at random moments;
// pools are opened and closed with workers that die as they start and end. Then
// each item must have had exactly one verdict: its right result, or an error
// that names what was done to it. A dictionary must have counted exactly the
// successes. No process, descriptor, mapping or goroutine may be left.
//
//	go run ./internal/chaos -tasks 10000000 -faults 1000 -seed 7
//	go run ./internal/chaos -kinds segv,oom,exit -attempts 3 -every 0
//	go run ./internal/chaos -for 1h -count get-set
//
// The exit code is 0 only if all of it held. What happens is decided by the
// seed, which is printed: run it again with that one. The moments at which
// processes reach what was decided for them differ from run to run.
//
// faults.go has what is done to items, bodies.go the loops' bodies, enemy.go
// what is done from outside, stages.go and pools.go the loops and pools that
// suffer it, verdicts.go and left.go the accounts, soak.go and slope.go the long
// run.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"

	"parfor.dev/parfor/process"
)

// plan is what the flags ask for.
type plan struct {
	tasks, faults, workers, slots, attempts, keys int
	every                                         time.Duration
	count                                         string
	seed                                          uint64
	kinds                                         []uint8 // numbers of faults, from 1
	leak                                          int
	verbose                                       bool
}

func main() {
	var p plan
	flag.IntVar(&p.tasks, "tasks", 1_000_000, "tasks of the counting loop of a run")
	flag.IntVar(&p.faults, "faults", 60, "faults that bodies commit in a run")
	kinds := flag.String("kinds", "all", "which: all, or some of "+strings.Join(names(), ","))
	flag.DurationVar(&p.every, "every", 50*time.Millisecond, "time between signals from outside; 0: none")
	flag.IntVar(&p.workers, "workers", 4, "worker processes")
	flag.IntVar(&p.slots, "slots", 1, "tasks at once in a worker")
	flag.IntVar(&p.attempts, "attempts", 1, "attempts of a task; faults hit the first one")
	flag.IntVar(&p.keys, "keys", 100_000, "keys that the tasks count under")
	flag.StringVar(&p.count, "count", "add", "how a task counts: add, or get-set")
	runs := flag.Int("runs", 1, "runs")
	flag.Uint64Var(&p.seed, "seed", rand.Uint64()>>32, "of all choices")
	soak := flag.Duration("for", 0, "repeat for that long, and judge what grows")
	flag.IntVar(&p.leak, "leak", 0, "KiB that the program itself is to leak each second, to see that -for notices")
	flag.BoolVar(&p.verbose, "v", false, "show what workers print")
	flag.Parse()
	process.Main()
	log.SetFlags(0)
	log.SetPrefix("chaos: ")
	if err := p.choose(*kinds); err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("%d tasks that count by %s under %d keys, on %d workers with %d slots, %d attempts each, %d faults, a signal every %v, seed %d\n",
		p.tasks, p.count, p.keys, p.workers, p.slots, p.attempts, p.faults, p.every, p.seed)
	if err := p.run(ctx, *runs, *soak); err != nil {
		log.Fatalf("%v\nagain: -seed %d", err, p.seed)
	}
}

// choose checks the flags.
func (p *plan) choose(kinds string) error {
	if counting[p.count] == nil {
		return fmt.Errorf("-count %q: add or get-set", p.count)
	}
	if p.tasks < 1 || p.faults < 0 || p.workers < 1 || p.slots < 1 || p.attempts < 1 || p.keys < 1 {
		return fmt.Errorf("-tasks, -workers, -slots, -attempts and -keys must be at least 1, -faults at least 0")
	}
	for _, name := range strings.Split(kinds, ",") {
		i := slices.Index(names(), name)
		switch {
		case kinds == "all":
			for i := range faults {
				p.kinds = append(p.kinds, uint8(i+1))
			}
			return nil
		case i < 0:
			return fmt.Errorf("-kinds %q: there is no %q, but %s", kinds, name, strings.Join(names(), ", "))
		}
		p.kinds = append(p.kinds, uint8(i+1))
	}
	return nil
}

// run does the runs, or goes on for as long as a soak takes. Each run has a seed
// of its own that follows from the first.
func (p *plan) run(ctx context.Context, runs int, soak time.Duration) error {
	w := startWatch(ctx, p, soak)
	first := p.seed
	for n := 0; n < runs || w.goesOn(); n++ {
		p.seed = first + uint64(n)
		if err := once(ctx, n+1, p, w); err != nil {
			w.end()
			return fmt.Errorf("run %d: %w", n+1, err)
		}
		runtime.GC()
	}
	p.seed = first
	return w.judge()
}
