// Command tickets gives every one of 500 tasks a number of its own, 1 to 500
// without gaps, on goroutines and on worker processes. In Python two processes
// that read the counter before one of them writes it get the same ticket.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

const tasks = 500

var sold = dict.New[string, int]("sold")

// draw depends on the number that it was told: if another task has got the same
// one and succeeds first, this one doesn't, and runs again for the next number.
func draw(ctx context.Context, _ int) (int, error) {
	return sold.AddGet(ctx, "tickets", 1)
}

var _ = parfor.Register(draw)

func main() {
	flag.Parse()
	process.Main()
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 4)
	check(err)
	defer pool.Close()

	sell(ctx, "goroutines", parfor.Goroutines(8))
	sell(ctx, "processes", pool)
}

func sell(ctx context.Context, name string, x parfor.Executor) {
	check(sold.Clear(ctx))
	tickets, err := parfor.Map(ctx, parfor.Range(tasks), draw, parfor.On(x), parfor.OnConflict(parfor.Rerun))
	check(err)

	slices.Sort(tickets)
	distinct := len(slices.Compact(slices.Clone(tickets)))
	last, _, err := sold.Get(ctx, "tickets")
	check(err)
	fmt.Printf("%s: %d tasks, %d distinct tickets from %d to %d, the dictionary says %d\n",
		name, len(tickets), distinct, tickets[0], tickets[tasks-1], last)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
