//go:build unix

// Program hook shows the life of worker processes: "hook sum" adds, "hook hang
// FIFO" runs bodies that never return and that say their pids, and those of their
// children, in the fifo; "hook wait DIR" leaves the workers' pids in a directory and
// waits until somebody opens and closes the pipe DIR.gate, "hook late" calls Main
// in the parent only, "hook nohook" not at all.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func square(_ context.Context, n int) (int, error) { return n * n, nil }

// holdup is a body that nothing but a kill ends.
type holdup struct{ How, Fifo string }

func hang(_ context.Context, h holdup) (int, error) {
	f, err := os.OpenFile(h.Fifo, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	said := strconv.Itoa(os.Getpid()) + "\n"
	if h.How == "child" {
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		said += strconv.Itoa(cmd.Process.Pid) + "\n"
	}
	if _, err := f.WriteString(said); err != nil {
		return 0, err
	}
	switch h.How {
	case "block": // in a system call, with all signals of no use
		var p [2]int
		if err := syscall.Pipe(p[:]); err != nil {
			return 0, err
		}
		for {
			syscall.Read(p[0], make([]byte, 1))
		}
	case "stop":
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		select {}
	}
	//lint:ignore SA5002 it is to spin
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
	pool, err := process.NewPool(ctx, 4, opts...)
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
		var all []holdup
		for _, how := range []string{"spin", "block", "child", "stop"} {
			all = append(all, holdup{how, flag.Arg(1)})
		}
		parfor.Map(ctx, all, hang, parfor.On(pool))
	}
}
