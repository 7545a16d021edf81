// Command childbench runs one command many times through package child, for
// bench/commands: what a job costs before anything else is there.
//
//	childbench -n 2000 -j 8 -- true
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/cmd/parfor/internal/child"
)

func main() {
	n := flag.Int64("n", 2000, "times to run it")
	j := flag.Int("j", 2, "at once")
	flag.Parse()
	c := &child.Command{Argv: flag.Args()}
	var next atomic.Int64
	var slots sync.WaitGroup
	for range *j {
		slots.Go(func() {
			for next.Add(1) <= *n {
				one(c)
			}
		})
	}
	slots.Wait()
}

func one(c *child.Command) {
	r, err := child.Run(context.Background(), c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "childbench:", err)
		os.Exit(3)
	}
	r.Stdout.WriteTo(os.Stdout)
	r.Stderr.WriteTo(os.Stderr)
	r.Close()
}
