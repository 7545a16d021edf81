// Command cluster times tasks on a cluster: a NATS server with its store on disk,
// one agent and this program, three processes on one machine; beside asynq and
// Celery with Redis, whose log is written every second, and Dask distributed,
// which keeps nothing on disk. All are up at the same time and take turns, in an
// order that is shuffled for each round. Who waits has nothing to do, and takes no
// more than a twentieth of a core (asynq asks for tasks, Dask says that it lives).
//
//	GOWORK=off go run ./cluster                 all cases
//	GOWORK=off go run ./cluster -only int,nap   some
//	GOWORK=off go run ./cluster -peers asynq    beside some
//	GOWORK=off go run ./cluster -scale 0.01     with few tasks: whether it works
//	GOWORK=off go run ./cluster -capacity       the capacity model instead
//
// A peer that is not installed is left out, in a line that says so: redis-server is
// looked for on the path; celery, redis and distributed in the Python of -python
// (Debian has them as python3-celery, python3-redis, python3-distributed).
//
// Who is slow gets fewer tasks, so that a round takes seconds of each. Ratios are
// of tasks a second (one at a time: of p50), medians of those within rounds, with
// the range of all rounds.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"

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
	beside := flag.String("peers", "asynq,celery,dask", "whom to measure beside")
	scale := flag.Float64("scale", 1, "of the number of tasks")
	seed := flag.Uint64("seed", 1, "of the order within rounds")
	capacity := flag.Bool("capacity", false, "check the capacity model instead")
	profiles := flag.String("profile", "", "folder for a CPU profile of each process")
	flag.Parse()
	if *profiles != "" {
		os.Setenv(profileEnv, *profiles) // the children's, too
	}
	defer profile("loops")()
	fmt.Printf("%s %s/%s, %d cores\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	what := func() error { return run(*rounds, *only, *beside, *scale, *seed) }
	if *capacity {
		what = measureCapacity
	}
	if err := what(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
