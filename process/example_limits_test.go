//go:build linux

package process_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// died says why a worker did.
func died(err error) parfor.Cause {
	var dead *parfor.WorkerError
	if errors.As(err, &dead) {
		return dead.Cause
	}
	return ""
}

// with opens a pool of one worker with the options and runs the body on the
// item.
func with[In, Out any](body func(context.Context, In) (Out, error), item In, opts ...process.Option) (out Out, err error) {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1, opts...)
	if err != nil {
		return out, err
	}
	defer pool.Close()
	return parfor.Submit(ctx, pool, body, item).Result(ctx)
}

// A body that takes all memory costs its own item.
func ExampleMemoryLimit() {
	_, err := with(consume, "heap", process.MemoryLimit(64<<20), process.Stderr(io.Discard))
	fmt.Println(died(err))
	// Output: out of memory
}

// A body may wait for as long as it likes, but not compute.
func ExampleCPULimit() {
	limit := process.CPULimit(100 * time.Millisecond)
	_, err := with(burn, 200, limit) // waits for 200 ms
	fmt.Println(err)
	_, err = with(burn, -1, limit) // loops without end
	fmt.Println(died(err))
	// Output:
	// <nil>
	// processor time
}

func ExampleOpenFiles() {
	_, err := with(inspect, "files", process.OpenFiles(64)) // opens files without end
	fmt.Println(strings.HasSuffix(err.Error(), "too many open files"))
	// Output: true
}

// The program itself stays responsive.
func ExampleNice() {
	fmt.Println(with(inspect, "nice", process.Nice(19)))
	// Output: map[19:true] <nil>
}

// Four workers take turns on the first processor that the program may use.
func ExampleAffinity() {
	var first int
	fmt.Sscan(line("/proc/self/status", "Cpus_allowed_list"), &first)
	pool, err := process.NewPool(context.Background(), 4, process.Affinity(first))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pool.Slots(), pool.Close())
	// Output: 4 <nil>
}

// When memory runs out the kernel takes a worker first.
func ExampleOOMScore() {
	fmt.Println(with(inspect, "oom", process.OOMScore(1000)))
	// Output: 1000 <nil>
}

// What bodies run doesn't see the program's secrets.
func ExampleCleanEnv() {
	os.Setenv("PASSWORD", "hunter2")
	defer os.Unsetenv("PASSWORD")
	fmt.Println(with(inspect, "PASSWORD", process.CleanEnv(), process.Env("LANG=C")))
	fmt.Println(with(inspect, "LANG", process.CleanEnv(), process.Env("LANG=C")))
	// Output:
	//  <nil>
	// C <nil>
}

func ExampleTempDir() {
	dir, err := with(litter, "", process.TempDir())
	_, gone := os.Stat(dir)
	fmt.Println(strings.Contains(dir, "/parfor-pool-"), os.IsNotExist(gone), err)
	// Output: true true <nil>
}

// A worker has its connections for an hour at most.
func ExampleRestartAge() {
	fmt.Println(with(square, 4, process.RestartAge(time.Hour)))
	// Output: 16 <nil>
}

// A body that leaks gets a fresh process before it hurts.
func ExampleRestartRSS() {
	fmt.Println(with(square, 5, process.RestartRSS(512<<20)))
	// Output: 25 <nil>
}

// Who debugs a worker wants to look at it for as long as it takes.
func ExampleHeartbeat() {
	fmt.Println(with(square, 6, process.Heartbeat(0)))
	// Output: 36 <nil>
}
