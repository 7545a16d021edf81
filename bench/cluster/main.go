// Command cluster times tasks on a cluster: a NATS server with its store on disk,
// one agent and this program, three processes on one machine; beside asynq with
// Redis, whose log is written every second, one worker process and this program.
//
//	GOWORK=off go run ./cluster                 all cases
//	GOWORK=off go run ./cluster -only int,nap   some
//	GOWORK=off go run ./cluster -capacity       the capacity model instead
//
// What other queues take for the same work is measured by programs of theirs; the
// cases here are simple enough for that: an int in and out, 1 KiB in and out, a
// body that sleeps for 10 ms with 200 slots, one task at a time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/internal/clusterwatch"
	"parfor.dev/parfor/process"
)

func main() {
	process.Main()
	if role := os.Getenv(roleEnv); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	rounds := flag.Int("rounds", 3, "runs of each case; the median counts")
	only := flag.String("only", "", "cases, with commas between; all if empty")
	scale := flag.Float64("scale", 1, "of the number of tasks")
	capacity := flag.Bool("capacity", false, "check the capacity model instead")
	profiles := flag.String("profile", "", "folder for a CPU profile of each process")
	flag.Parse()
	if *profiles != "" {
		os.Setenv(profileEnv, *profiles) // the children's, too
	}
	defer profile("loops")()
	fmt.Printf("%s %s/%s, %d cores\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	what := func() error { return run(*rounds, *only, *scale) }
	if *capacity {
		what = measureCapacity
	}
	if err := what(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(rounds int, only string, scale float64) error {
	ours, err := startOurs()
	if err != nil {
		return err
	}
	defer func() { ours.end() }()
	theirs, err := startAsynq()
	if err != nil {
		return err
	}
	defer theirs.end()
	for _, c := range cases {
		if only != "" && !slices.Contains(strings.Split(only, ","), c.name) {
			continue
		}
		if err := ours.agentOf(c.slots); err != nil {
			return err
		}
		n := max(1, int(float64(c.n)*scale))
		few := max(1, int(float64(c.few)*scale))
		if err := show(c, "parfor", rounds, n, func() (time.Duration, error) { return c.ours(ours.executor, n) }); err != nil {
			return err
		}
		if c.theirs == nil {
			continue
		}
		if err := show(c, "asynq", rounds, few, func() (time.Duration, error) { return c.theirs(theirs, few) }); err != nil {
			return err
		}
	}
	return nil
}

// workload is a case. Ours gets n tasks, a queue without chunks few.
type workload struct {
	name, what string
	slots      int // of our agent; asynq always has 200
	n, few     int
	ours       func(x *cluster.Executor, n int) (time.Duration, error)
	theirs     func(a *asynqSide, n int) (time.Duration, error)
}

var cases = []workload{
	{"int", "an int in and out, automatic chunks", 2, 1_000_000, 20_000, loop(square, ints), asynqLoop("int", 8)},
	{"single", "an int in and out, a message each", 2, 20_000, 0, loop(square, ints, parfor.Chunk(1)), nil},
	{"1KiB", "1 KiB in and out", 2, 100_000, 20_000, loop(echo, kilobytes), asynqLoop("echo", 1024)},
	{"nap", "10 ms of sleep, 200 slots", 200, 20_000, 20_000, loop(nap, ints), asynqLoop("nap", 8)},
	{"latency", "one at a time, to its result", 2, 1_000, 300, oneByOne, asynqOneByOne},
}

func square(_ context.Context, n int) (int, error) { return n * n, nil }

func echo(_ context.Context, b []byte) ([]byte, error) { return b, nil }

func nap(_ context.Context, n int) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return n, nil
}

var (
	_ = parfor.Register(square)
	_ = parfor.Register(echo)
	_ = parfor.Register(nap)
)

func ints(n int) []int {
	return slices.Collect(func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	})
}

func kilobytes(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, 1024)
	}
	return all
}

func loop[In, Out any](body func(context.Context, In) (Out, error), items func(n int) []In, opts ...parfor.Option) func(*cluster.Executor, int) (time.Duration, error) {
	return func(x *cluster.Executor, n int) (time.Duration, error) {
		in := items(n)
		began := time.Now()
		out, err := parfor.Map(context.Background(), in, body, append(opts, parfor.On(x))...)
		took := time.Since(began)
		if err == nil && len(out) != n {
			err = errors.New("results are missing")
		}
		return took, err
	}
}

// latencies are those of the last run, for their percentiles.
var latencies []time.Duration

func oneByOne(x *cluster.Executor, n int) (time.Duration, error) {
	latencies = nil
	began := time.Now()
	for i := range n {
		at := time.Now()
		if _, err := parfor.Submit(context.Background(), x, square, i).Result(context.Background()); err != nil {
			return 0, err
		}
		latencies = append(latencies, time.Since(at))
	}
	return time.Since(began), nil
}

// show runs a case and prints a line.
func show(c workload, who string, rounds, n int, once func() (time.Duration, error)) error {
	if _, err := once(); err != nil { // the first run finds the cost of the body
		return fmt.Errorf("%s, %s: %w", who, c.name, err)
	}
	sent := clusterwatch.OwnerIn("default")
	before := sent.Chunks.Load()
	took := make([]time.Duration, rounds)
	for i := range took {
		var err error
		if took[i], err = once(); err != nil {
			return fmt.Errorf("%s, %s: %w", who, c.name, err)
		}
	}
	slices.Sort(took)
	median := took[len(took)/2]
	line := fmt.Sprintf("%-8s %-7s %8d tasks %8.3f s %9.0f/s", c.name, who, n, median.Seconds(), float64(n)/median.Seconds())
	if chunks := sent.Chunks.Load() - before; chunks > 0 {
		line += fmt.Sprintf(" %7.1f a message", float64(n*rounds)/float64(chunks))
	}
	switch c.name {
	case "nap":
		line += fmt.Sprintf("   efficiency %.3f", float64(n)*0.010/(slots*median.Seconds()))
	case "latency":
		slices.Sort(latencies)
		line += fmt.Sprintf("   p50 %v p99 %v", latencies[len(latencies)/2].Round(time.Microsecond), latencies[len(latencies)*99/100].Round(time.Microsecond))
	}
	fmt.Println(line + "   " + c.what)
	return nil
}
