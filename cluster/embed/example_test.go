package embed_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"parfor.dev/parfor/cluster/embed"
)

// Whoever opens the folder first runs the server; others join it.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "parfor")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	first, err := embed.Open(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	defer first.Close()
	second, err := embed.Open(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	defer second.Close()
	fmt.Println(first.Runs(), second.Runs(), first.URL() == second.URL())
	// Output:
	// true false true
}
