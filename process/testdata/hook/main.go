// Program hook shows the life of worker processes: "hook sum" adds, "hook
// hang DIR" spins for ever and leaves the pids in a directory, "hook wait DIR"
// waits until somebody opens and closes the pipe DIR.gate, "hook late" calls Main in the parent
// only, "hook nohook" not at all.
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

func wait(_ context.Context, dir string) (int, error) {
	name := filepath.Join(dir, strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return 0, err
	}
	_, err := os.ReadFile(dir + ".gate")
	return 0, err
}

var (
	temp  = flag.Bool("temp", false, "workers have directories of their own")
	pulse = flag.Duration("pulse", 0, "workers are frozen after so long")
)

var (
	_ = parfor.Register(wait)
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
	opts := []process.Option{process.Heartbeat(*pulse)}
	if *temp {
		opts = append(opts, process.TempDir())
	}
	pool, err := process.NewPool(ctx, 2, opts...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer pool.Close()
	switch flag.Arg(0) {
	case "sum":
		out, err := parfor.Map(ctx, []int{1, 2, 3}, square, parfor.On(pool))
		fmt.Println(out, err)
	case "wait":
		_, err := parfor.Map(ctx, []string{flag.Arg(1), flag.Arg(1)}, wait, parfor.On(pool))
		fmt.Println(err)
	case "hang":
		parfor.Map(ctx, []string{flag.Arg(1), flag.Arg(1)}, hang, parfor.On(pool))
	}
}
