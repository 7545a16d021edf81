//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// watch measures a soak: this program between the runs, when it should be as it
// was, and a witness, a worker that nobody harms and that works all the time.
type watch struct {
	plan    *plan
	started time.Time
	soak    time.Duration
	quiet   sync.Mutex // held by who uses the witness, or looks for what is left
	witness *process.Pool
	stop    context.CancelFunc
	done    sync.WaitGroup
	leaked  [][]byte

	rss, fds, goroutines, workerRSS, workerFDs, workerGoroutines series
}

// between is how often a soak prints and takes a sample.
const between = 10 * time.Second

func startWatch(ctx context.Context, p *plan, soak time.Duration) *watch {
	w := &watch{plan: p, started: time.Now(), soak: soak,
		rss: series{name: "memory of the program", unit: 1 << 20, slack: 6 << 20}, fds: series{name: "descriptors of the program", unit: 1, slack: 3},
		goroutines: series{name: "goroutines of the program", unit: 1, slack: 3}, workerRSS: series{name: "memory of a worker", unit: 1 << 20, slack: 4 << 20},
		workerFDs: series{name: "descriptors of a worker", unit: 1, slack: 2}, workerGoroutines: series{name: "goroutines of a worker", unit: 1, slack: 2}}
	ctx, w.stop = context.WithCancel(ctx)
	if soak == 0 {
		return w
	}
	var err error
	if w.witness, err = process.NewPool(ctx, 1, process.Stderr(os.Stderr)); err != nil {
		panic(err)
	}
	w.done.Go(func() { w.load(ctx) })
	return w
}

// goesOn says whether a soak is to have another run.
func (w *watch) goesOn() bool { return time.Since(w.started) < w.soak }

// load keeps the witness busy, and leaks if it was asked to.
func (w *watch) load(ctx context.Context) {
	for ctx.Err() == nil {
		w.quiet.Lock()
		parfor.Map(ctx, parfor.Range(5000), mortal, parfor.On(w.witness))
		parfor.Map(ctx, []parcel{{data: content(1, 2<<20)}, {data: content(2, 1<<20)}}, carry, parfor.On(w.witness))
		if w.plan.leak > 0 {
			b := make([]byte, w.plan.leak<<10/10)
			for i := range b {
				b[i] = 1
			}
			w.leaked = append(w.leaked, b)
		}
		w.quiet.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// self is what a process says about itself.
type self struct{ RSS, FDs, Goroutines int64 }

func measure() (s self, err error) {
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return s, err
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return s, err
	}
	fds, err := os.ReadDir("/proc/self/fd")
	return self{resident * int64(os.Getpagesize()), int64(len(fds)), int64(runtime.NumGoroutine())}, err
}

func measured(context.Context, int) (self, error) { return measure() }

var _ = parfor.Register(measured)

// sample measures, between two runs, when it is time.
func (w *watch) sample() {
	if w.soak == 0 {
		return
	}
	at := time.Since(w.started).Seconds()
	if n := len(w.rss.seconds); n > 0 && at-w.rss.seconds[n-1] < min(between, w.soak/12).Seconds() {
		return
	}
	me, err := measure()
	worker, werr := parfor.Map(context.Background(), []int{0}, measured, parfor.On(w.witness))
	if err := errors.Join(err, werr); err != nil {
		fmt.Println("no sample:", err)
		return
	}
	w.rss.add(at, float64(me.RSS))
	w.fds.add(at, float64(me.FDs))
	w.goroutines.add(at, float64(me.Goroutines))
	w.workerRSS.add(at, float64(worker[0].RSS))
	w.workerFDs.add(at, float64(worker[0].FDs))
	w.workerGoroutines.add(at, float64(worker[0].Goroutines))
	fmt.Printf("%6.0f s: program %d MiB, %d descriptors, %d goroutines; worker %d MiB, %d descriptors, %d goroutines\n",
		at, me.RSS>>20, me.FDs, me.Goroutines, worker[0].RSS>>20, worker[0].FDs, worker[0].Goroutines)
}

func (w *watch) end() {
	w.stop()
	w.done.Wait()
	w.witness.Close()
}

// judge ends a soak. Whatever grows is an error.
func (w *watch) judge() error {
	w.end()
	if w.soak == 0 {
		return nil
	}
	var bad []error
	for _, s := range []*series{&w.rss, &w.fds, &w.goroutines, &w.workerRSS, &w.workerFDs, &w.workerGoroutines} {
		if err := s.flat(); err != nil {
			bad = append(bad, err)
		} else {
			by, typical := s.growth()
			fmt.Printf("%s: flat, %+.1f beside %.1f\n", s.name, by/s.unit, typical/s.unit)
		}
	}
	return errors.Join(bad...)
}
