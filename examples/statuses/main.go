// Command statuses keeps request number -> status in a dictionary that all
// workers share: once as a package variable, once as a parameter, and once as
// dictionaries combined at the end. All three are equal.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"maps"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

// statuses is the same dictionary in every process of the program.
var statuses = dict.New[int, int]("statuses")

// request stands for a call to an API: one in 50 is not found.
func request(n int) int {
	if n%50 == 0 {
		return 404
	}
	return 200
}

// keep writes to the package variable. The write takes effect if, and when,
// this task succeeds.
func keep(ctx context.Context, n int) error {
	return statuses.Set(ctx, n, request(n))
}

// numbered is an item that carries the dictionary, as the tutorial passes d.
type numbered struct {
	N int
	D *dict.Dict[int, int]
}

func keepIn(ctx context.Context, in numbered) error {
	return in.D.Set(ctx, in.N, request(in.N))
}

// status returns its result; ByKey makes the dictionary at the end.
func status(_ context.Context, n int) (int, error) { return request(n), nil }

var (
	_ = parfor.RegisterEach(keep)
	_ = parfor.RegisterEach(keepIn)
	_ = parfor.Register(status)
)

func main() {
	flag.Parse()
	process.Main()
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 2)
	check(err)
	defer pool.Close()
	numbers := parfor.Range(500)

	check(parfor.Each(ctx, numbers, keep, parfor.On(pool)))
	variable, err := statuses.Snapshot(ctx)
	check(err)

	d, err := dict.Make[int, int](ctx)
	check(err)
	defer d.Close()
	items := make([]numbered, len(numbers))
	for i, n := range numbers {
		items[i] = numbered{n, d}
	}
	check(parfor.Each(ctx, items, keepIn, parfor.On(pool)))
	parameter, err := d.Snapshot(ctx)
	check(err)

	combined, err := parfor.ByKey(ctx, numbers, status, parfor.On(pool))
	check(err)

	fmt.Println("package variable:", len(variable), "keys, 450 ->", variable[450], "451 ->", variable[451])
	fmt.Println("parameter equals it:", maps.Equal(variable, parameter))
	fmt.Println("combined at the end equals it:", maps.Equal(variable, combined))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
