// Command crash runs a body that dies of a segmentation fault on one input.
// On worker processes that costs this one item: the loop goes on, and the
// error names the item, the process and the reason.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"unsafe"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// length reads through a bad pointer for item 13, as a faulty C library might.
func length(_ context.Context, n int) (int, error) {
	if n == 13 {
		var bad uintptr = 0xdead0000
		return **(**int)(unsafe.Pointer(&bad)), nil
	}
	return n * n, nil
}

var _ = parfor.Register(length)

func main() {
	flag.Parse()
	process.Main()
	pool, err := process.NewPool(context.Background(), 2)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	squares, err := parfor.Map(context.Background(), parfor.Range(100), length, parfor.On(pool), parfor.KeepGoing())

	var loop *parfor.LoopError
	if !errors.As(err, &loop) {
		log.Fatal("no crash: ", err)
	}
	finished := 0
	for i, s := range squares {
		if loop.Done(i) && s == i*i {
			finished++
		}
	}
	fmt.Println("finished:", finished, "of", len(squares))
	for i, cause := range parfor.Failed(err) {
		var worker *parfor.WorkerError
		if !errors.As(cause, &worker) {
			log.Fatal(cause)
		}
		fmt.Printf("failed: item %d, %s in worker process, exit code %d\n", i, worker.Cause, worker.ExitCode)
		fmt.Fprintln(os.Stderr, "pid", worker.PID, "-", cause)
	}
}
