package process_test

import (
	"context"
	"flag"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

var limit = flag.Int("limit", 30, "count the primes below it")

// prime says whether n is a prime number; it runs in worker processes.
func prime(_ context.Context, n int) (bool, error) {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false, nil
		}
	}
	return n > 1, nil
}

var _ = parfor.Register(prime) // so that worker processes know it too

// A whole program. Its workers are the same program: they come as far as Main
// and stay there, with the same flags.
func ExampleMain() {
	flag.Parse()
	process.Main()

	ctx := context.Background()
	pool, err := process.NewPool(ctx, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	primes, err := parfor.Map(ctx, parfor.Range(*limit), prime, parfor.On(pool))
	count := 0
	for _, is := range primes {
		if is {
			count++
		}
	}
	fmt.Println(count, "primes below", *limit, err)
	// Output: 10 primes below 30 <nil>
}
