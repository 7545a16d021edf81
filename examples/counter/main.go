// Command counter counts its tasks in a dictionary, on 8 worker processes that
// it kills one after the other meanwhile: once with Add, once with the
// tutorial's read and write. Both count exactly the tasks that succeeded.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

const (
	tasks = 3_000
	kills = 5
	keys  = 100 // that the tasks count under
)

// counts is the same dictionary in every process of the program.
var counts = dict.New[int, int]("counts")

// add counts blindly: it never conflicts. Like the other body it returns which
// process it ran in.
func add(ctx context.Context, n int) (pid int, err error) {
	return os.Getpid(), counts.Add(ctx, n%keys, 1)
}

// getSet is d[k] = d[k] + 1. In Python two processes that read the same value
// lose one of two counts; here the later task conflicts, and is run again.
func getSet(ctx context.Context, n int) (pid int, err error) {
	v, _, err := counts.Get(ctx, n%keys)
	if err != nil {
		return 0, err
	}
	return os.Getpid(), counts.Set(ctx, n%keys, v+1)
}

var (
	_ = parfor.Register(add)
	_ = parfor.Register(getSet)
)

func main() {
	flag.Parse()
	process.Main()
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 8)
	check(err)
	defer pool.Close()

	count(ctx, "Add", add, pool)
	count(ctx, "Get and Set", getSet, pool)
}

// count runs the tasks, kills workers meanwhile, and compares the dictionary
// with the results, key by key.
func count(ctx context.Context, name string, body func(context.Context, int) (int, error), pool *process.Pool) {
	check(counts.Clear(ctx))
	succeeded, killed, results := map[int]int{}, map[int]bool{}, 0
	loop := parfor.Stream(ctx, slices.Values(parfor.Range(tasks)), body, parfor.On(pool),
		parfor.Attempts(3), parfor.KeepGoing(), parfor.OnConflict(parfor.Rerun))
	for r, err := range loop {
		if err != nil {
			var failed *parfor.TaskError
			if !errors.As(err, &failed) {
				log.Fatal(err)
			}
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		succeeded[r.In%keys]++
		results++
		// A result tells of a process that is there to be killed: it may be in
		// the middle of its next task, or about to report it.
		if len(killed) < kills && results > tasks/10*(len(killed)+1) && !killed[r.Out] {
			kill(r.Out)
			killed[r.Out] = true
		}
	}
	counted, err := counts.Snapshot(ctx)
	check(err)
	fmt.Printf("%s: %d workers killed, the dictionary counted exactly what succeeded: %t\n",
		name, len(killed), maps.Equal(counted, succeeded))
}

// kill is SIGKILL where there are signals: no handler of the worker runs.
func kill(pid int) {
	worker, err := os.FindProcess(pid)
	check(err)
	check(worker.Kill())
	check(worker.Release())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
