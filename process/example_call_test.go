//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

var (
	_ = parfor.Register(parse)
	_ = parfor.Register(brood)
)

// parse ends its process at what it can't read, as C libraries do.
func parse(_ context.Context, text string) (int, error) {
	if text == "" {
		os.Exit(3)
	}
	return len(text), nil
}

// brood never returns, whatever its context says.
func brood(context.Context, int) (int, error) { select {} }

// A body that ends its process costs the caller an error.
func ExampleCall() {
	ctx := context.Background()
	n, err := process.Call(ctx, parse, "abc")
	fmt.Println(n, err)

	_, err = process.Call(ctx, parse, "")
	var died *parfor.WorkerError
	if errors.As(err, &died) {
		fmt.Println(died.Cause, died.ExitCode)
	}
	// Output:
	// 3 <nil>
	// exit 3
}

// Options of the process and of the task stand in one list. A body that doesn't
// return is killed a grace after its time.
func ExampleCall_timeout() {
	_, err := process.Call(context.Background(), brood, 1, process.Env("LANG=C"),
		parfor.Timeout(50*time.Millisecond), parfor.Grace(10*time.Millisecond))
	var late *parfor.TimeoutError
	if errors.As(err, &late) {
		fmt.Println("limit", late.Limit, "killed", late.Killed)
	}
	// Output: limit 50ms killed true
}

// Who calls often keeps a pool: a task costs it microseconds, and a process only
// after a crash.
func ExampleCall_pooled() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	for _, text := range []string{"a", "", "ccc"} {
		n, err := parfor.Submit(ctx, pool, parse, text).Result(ctx)
		fmt.Println(n, err != nil)
	}
	// Output:
	// 1 false
	// 0 true
	// 3 false
}

// A loop's options and those of process.Call are the same values.
func ExampleOption_ForCall() {
	limits := []process.CallOption{process.Dir(os.TempDir()), parfor.Timeout(time.Minute)}
	fmt.Println(process.Call(context.Background(), square, 7, limits...))
	// Output: 49 <nil>
}
