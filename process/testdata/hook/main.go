// Program hook shows the life of worker processes: "hook sum" adds, "hook
// hang DIR" spins for ever and leaves the pids in a directory, "hook late"
// calls Main in the parent only, "hook nohook" not at all.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func square(_ context.Context, n int) (int, error) { return n * n, nil }

func hang(_ context.Context, dir string) (int, error) {
	name := filepath.Join(dir, strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return 0, err
	}
	for {
	}
}

var (
	_ = parfor.Register(square)
	_ = parfor.Register(hang)
)

func main() {
	flag.Parse()
	if flag.Arg(0) == "late" && process.IsWorker() {
		_, err := process.NewPool(context.Background(), 4)
		fmt.Println("unreachable", err)
		time.Sleep(time.Minute)
	}
	if flag.Arg(0) != "nohook" {
		process.Main()
	}
	ctx := context.Background()
	pool, err := process.NewPool(ctx, 2)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer pool.Close()
	switch flag.Arg(0) {
	case "sum":
		out, err := parfor.Map(ctx, []int{1, 2, 3}, square, parfor.On(pool))
		fmt.Println(out, err)
	case "hang":
		parfor.Map(ctx, []string{flag.Arg(1), flag.Arg(1)}, hang, parfor.On(pool))
	}
}
