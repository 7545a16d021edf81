package process_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// A server that may never need a worker starts none. Of at most eight, there are
// as many as tasks at once.
func ExampleMinWorkers() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 8, process.MinWorkers(0))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(len(pool.PIDs()), "workers for nothing")
	fmt.Println(parfor.Map(ctx, []int{3}, square, parfor.On(pool)))
	fmt.Println(len(pool.PIDs()), "worker for one task")
	// Output:
	// 0 workers for nothing
	// [9] <nil>
	// 1 worker for one task
}

// Between two bursts a minute apart the workers stay.
func ExampleIdleTimeout() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 8, process.MinWorkers(1), process.IdleTimeout(2*time.Minute))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(parfor.Map(ctx, []int{1, 2, 3, 4}, square, parfor.On(pool)))
	_, err = process.NewPool(ctx, 8, process.MinWorkers(1), process.IdleTimeout(0))
	fmt.Println(err)
	// Output:
	// [1 4 9 16] <nil>
	// parfor: invalid option: IdleTimeout(0s): must be positive: a worker that ends with its task is started for each
}

// A pool follows the load of its machine, also while loops run on it.
func ExamplePool_Resize() {
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(pool.Slots(), "at once")
	fmt.Println(pool.Resize(3))
	fmt.Println(pool.Slots(), "at once")
	fmt.Println(parfor.Map(ctx, []int{1, 2, 3}, square, parfor.On(pool)))
	fmt.Println(errors.Is(pool.Resize(0), parfor.ErrOption))
	// Output:
	// 1 at once
	// <nil>
	// 3 at once
	// [1 4 9] <nil>
	// true
}
