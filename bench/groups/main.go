// Command groups times loops whose tasks add tasks: a binary tree whose nodes do
// nothing but add two others, with parfor.Group and with the libraries people
// use today, side by side in one run.
//
//	go run ./groups -rounds 11
//
// The peers have no limit: with one, a task that adds another waits for room
// while it holds the last, and the tree stands still. Tasks of a conc pool may
// add tasks only until Wait is called, so that open tasks are counted beside it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"

	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"

	"parfor.dev/parfor"
	"parfor.dev/parfor/bench/paired"
)

const workers = 2

func main() {
	rounds := flag.Int("rounds", 7, "rounds to count")
	seed := flag.Uint64("seed", 1, "of the order")
	depth := flag.Int("depth", 16, "of the tree, which has 2^(depth+1)-1 nodes")
	flag.Parse()
	runtime.GOMAXPROCS(workers)
	n := 1<<(*depth+1) - 1
	var ways []paired.Way
	for _, g := range groups {
		ways = append(ways, paired.Way{Name: g.name, N: n, Run: func() {
			if got := g.run(*depth); got != n {
				panic(fmt.Sprintf("%s: %d nodes of %d", g.name, got, n))
			}
		}})
	}
	fmt.Printf("%s %s/%s, %d workers on %d cores, seed %d\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, workers, runtime.NumCPU(), *seed)
	paired.Measure(ways, *rounds, *seed).Print(os.Stdout, fmt.Sprintf("a binary tree of %d nodes", n), "recursion", "errgroup", workers)
}

// groups walk a tree and count its nodes.
var groups = []struct {
	name string
	run  func(depth int) int
}{
	{"recursion", recursion},
	{"parfor.Group", func(depth int) int { return group(depth) }},
	{"parfor.Group, 2 workers", func(depth int) int { return group(depth, parfor.Workers(workers)) }},
	{"errgroup", func(depth int) int {
		var g errgroup.Group
		var c counter
		var node func(int) error
		node = func(depth int) error {
			c.add()
			for range min(depth, 1) * 2 {
				g.Go(func() error { return node(depth - 1) })
			}
			return nil
		}
		g.Go(func() error { return node(depth) })
		must(g.Wait())
		return c.n
	}},
	{"conc pool", func(depth int) int {
		p := pool.New().WithErrors()
		var open sync.WaitGroup
		var c counter
		var node func(int) error
		node = func(depth int) error {
			defer open.Done()
			c.add()
			for range min(depth, 1) * 2 {
				open.Add(1)
				p.Go(func() error { return node(depth - 1) })
			}
			return nil
		}
		open.Add(1)
		p.Go(func() error { return node(depth) })
		open.Wait()
		must(p.Wait())
		return c.n
	}},
}

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add() {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
}

func recursion(depth int) int {
	if depth == 0 {
		return 1
	}
	return 1 + recursion(depth-1) + recursion(depth-1)
}

func group(depth int, opts ...parfor.Option) (n int) {
	for _, err := range parfor.Group(context.Background(), []int{depth}, node, opts...) {
		must(err)
		n++
	}
	return n
}

func node(ctx context.Context, depth int) (struct{}, error) {
	if depth == 0 {
		return struct{}{}, nil
	}
	return struct{}{}, parfor.Add(ctx, depth-1, depth-1)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
