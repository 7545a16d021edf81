// Command primes counts the primes below a million in 64 ranges: a CPU-heavy
// body, in sequence, on goroutines and on worker processes.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

const (
	limit  = 1_000_000
	ranges = 64
)

// primesIn counts the primes of range r by trial division.
func primesIn(ctx context.Context, r int) (int, error) {
	count := 0
	for n := max(2, limit/ranges*r); n < limit/ranges*(r+1); n++ {
		if isPrime(n) {
			count++
		}
	}
	return count, ctx.Err()
}

func isPrime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return true
}

var _ = parfor.Register(primesIn)

func main() {
	flag.Parse()
	process.Main()
	workers := runtime.GOMAXPROCS(0)
	pool, err := process.NewPool(context.Background(), workers)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	for _, way := range []struct {
		name string
		on   parfor.Executor
	}{
		{"sequential", parfor.Sequential()},
		{"goroutines", parfor.Goroutines(workers)},
		{"processes", pool},
	} {
		begin := time.Now()
		counts, err := parfor.Map(context.Background(), parfor.Range(ranges), primesIn, parfor.On(way.on))
		if err != nil {
			log.Fatal(err)
		}
		sum := 0
		for _, c := range counts {
			sum += c
		}
		fmt.Printf("%-10s %d primes in %d numbers\n", way.name, sum, limit/ranges*ranges)
		fmt.Fprintf(os.Stderr, "%-10s %v\n", way.name, time.Since(begin).Round(time.Millisecond))
	}
}
