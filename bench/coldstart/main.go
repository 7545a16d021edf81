// Command coldstart times a pool of worker processes from nothing to its first
// result, in a program that links nothing else, and a process for one call.
//
//	go run ./coldstart            pools of 2 and 8
//	go run ./coldstart 100        a pool of 100
package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func increment(_ context.Context, n int) (int, error) { return n + 1, nil }

var _ = parfor.Register(increment)

func main() {
	rounds := flag.Int("rounds", 11, "rounds to count")
	flag.Parse()
	process.Main()
	sizes := []int{2, 8}
	if flag.NArg() > 0 {
		sizes = nil
		for _, a := range flag.Args() {
			n, err := strconv.Atoi(a)
			must(err)
			sizes = append(sizes, n)
		}
	}
	for _, n := range sizes {
		var first, closed []float64
		for range *rounds {
			begin := time.Now()
			pool, err := process.NewPool(context.Background(), n)
			must(err)
			_, err = parfor.Submit(context.Background(), pool, increment, 1).Result(context.Background())
			must(err)
			first = append(first, milliseconds(begin))
			must(pool.Close())
			closed = append(closed, milliseconds(begin))
		}
		slices.Sort(first)
		slices.Sort(closed)
		fmt.Printf("pool of %3d: first result after %.1f ms (%.1f to %.1f), closed after %.1f ms\n",
			n, first[len(first)/2], first[0], first[len(first)-1], closed[len(closed)/2])
	}
	call(*rounds)
}

// call times a function in a process of its own, its end included.
func call(rounds int) {
	var took []float64
	for range rounds {
		begin := time.Now()
		_, err := process.Call(context.Background(), increment, 1)
		must(err)
		took = append(took, milliseconds(begin))
	}
	slices.Sort(took)
	fmt.Printf("call: %.1f ms (%.1f to %.1f)\n", took[len(took)/2], took[0], took[len(took)-1])
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1e3 }

func must(err error) {
	if err != nil {
		panic(err)
	}
}
