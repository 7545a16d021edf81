// Command pool times tasks on worker processes: parfor's pool beside net/rpc
// over pipes, each with 2 workers, in one run.
//
//	go run ./pool
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/bench/paired"
	"parfor.dev/parfor/process"
)

func increment(_ context.Context, n int) (int, error) { return n + 1, nil }

func echo(_ context.Context, b []byte) ([]byte, error) { return b, nil }

func length(_ context.Context, b []byte) (int, error) { return len(b), nil }

var (
	_ = parfor.Register(increment)
	_ = parfor.Register(echo)
	_ = parfor.Register(length)
)

const workers = 2

func main() {
	if os.Getenv(rpcMark) != "" {
		serveRPC()
		return
	}
	rounds := flag.Int("rounds", 5, "rounds to count")
	n := flag.Int("n", 2_000_000, "tasks a round")
	flag.Parse()
	process.Main()
	fmt.Printf("%s %s/%s, %d workers on %d cores\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, workers, runtime.NumCPU())

	ctx := context.Background()
	pool, err := process.NewPool(ctx, workers)
	must(err)
	peers := startRPC(workers)

	items := parfor.Range(*n)
	kib := make([][]byte, *n/10)
	for i := range kib {
		kib[i] = make([]byte, 1024)
		kib[i][0] = byte(i)
	}
	throughput := []paired.Way{
		{Name: "parfor.Map, int", N: *n, Run: func() {
			out, err := parfor.Map(ctx, items, increment, parfor.On(pool))
			must(err)
			check(out[*n-1] == *n)
		}},
		{Name: "parfor.Map, 1 KiB", N: len(kib), Run: func() {
			out, err := parfor.Map(ctx, kib, echo, parfor.On(pool))
			must(err)
			check(len(out[len(kib)-1]) == 1024)
		}},
		{Name: "parfor.Map, 1 KiB in", N: len(kib), Run: func() {
			out, err := parfor.Map(ctx, kib, length, parfor.On(pool))
			must(err)
			check(out[len(kib)-1] == 1024)
		}},
		{Name: "parfor.Submit each, int", N: *n / 20, Run: func() {
			fs := make([]*parfor.Future[int, int], *n/20)
			for i := range fs {
				fs[i] = parfor.Submit(ctx, pool, increment, i)
			}
			for i, f := range fs {
				v, err := f.Result(ctx)
				must(err)
				check(v == i+1)
			}
		}},
		{Name: "net/rpc over pipes, int", N: *n / 40, Run: func() { callAll(peers, *n/40, 64) }},
	}
	t := paired.Measure(throughput, *rounds, 1)
	t.Print(os.Stdout, "throughput", "", "net/rpc over pipes, int", workers)
	for i, w := range t.Ways {
		fmt.Printf("  %-26s %8.0f tasks/s\n", w.Name, 1e9/paired.Median(t.Nanos[i]))
	}

	fmt.Println("\none task at a time, p50 of 2000, in µs, by round")
	for _, way := range []struct {
		name string
		call func(i int)
	}{
		{"parfor.Submit + Result", func(i int) {
			v, err := parfor.Submit(ctx, pool, increment, i).Result(ctx)
			must(err)
			check(v == i+1)
		}},
		{"net/rpc over pipes", func(i int) { check(callOne(peers[0], i) == i+1) }},
	} {
		fmt.Printf("  %-26s", way.name)
		for range *rounds {
			fmt.Printf(" %6.1f", p50(2000, way.call))
		}
		fmt.Println()
	}
	must(pool.Close())
	stopRPC(peers)
}

func p50(n int, call func(int)) float64 {
	took := make([]float64, n)
	for i := range took {
		begin := time.Now()
		call(i)
		took[i] = float64(time.Since(begin).Nanoseconds()) / 1e3
	}
	slices.Sort(took)
	return took[n/2]
}

// callAll makes n calls, inFlight at once on each peer.
func callAll(peers []*peer, n, inFlight int) {
	var wg sync.WaitGroup
	for w, p := range peers {
		wg.Go(func() {
			var calls sync.WaitGroup
			turn := make(chan struct{}, inFlight)
			for i := w; i < n; i += len(peers) {
				turn <- struct{}{}
				calls.Go(func() { check(callOne(p, i) == i+1); <-turn })
			}
			calls.Wait()
		})
	}
	wg.Wait()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(ok bool) {
	if !ok {
		panic("wrong result")
	}
}
