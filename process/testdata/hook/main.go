//go:build unix

// Program hook shows the life of worker processes: "hook sum" adds, "hook hang
// FIFO" runs bodies that never return and that say their pids, and those of their
// children, in the fifo; "hook late" calls Main in the parent only, "hook nohook"
// not at all.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
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
	pool, err := process.NewPool(ctx, 4)
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
		var all []holdup
		for _, how := range []string{"spin", "block", "child", "stop"} {
			all = append(all, holdup{how, flag.Arg(1)})
		}
		parfor.Map(ctx, all, hang, parfor.On(pool))
	}
}
