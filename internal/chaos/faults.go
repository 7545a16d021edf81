//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"parfor.dev/parfor"
)

// stage is the loop that a fault happens in. Each has a body and options that
// make the verdict on its items certain.
type stage int

const (
	counted stage = iota // short tasks, many of them in a worker's hands
	parcels              // large items and results
	slow                 // with a timeout
	vandals              // one task at a time in a worker, whose memory is overwritten
	stages
)

// fault is something that a body does, and what its item's verdict must be then.
type fault struct {
	name  string
	stage stage
	do    func(ctx context.Context, it *item) error
	told  func(err error, it *item) error // the verdict; nil if it is right
}

// faults is ordered: an item holds the place of its own.
var faults = []fault{
	{"kill", counted, selfSignal(syscall.SIGKILL), diesOf(parfor.Killed, "SIGKILL")},
	{"segv", counted, touchNothing, diesOf(parfor.Fault, "unexpected fault address")},
	{"abrt", counted, selfSignal(syscall.SIGABRT), diesOf(parfor.FatalError, "SIGABRT")},
	{"oom", counted, eatMemory, diesOf(parfor.OOM, "out of memory")},
	{"overflow", counted, recurse, diesOf(parfor.StackOverflow, "stack")},
	{"mapwrites", counted, raceOnMap, diesOf(parfor.FatalError, "concurrent map writes")},
	{"exit", counted, exit, exited},
	{"stray", counted, strayPanic, diesOf(parfor.FatalError, "panic: in a goroutine of its own")},
	{"panic", counted, panics, panicked},
	{"goexit", counted, func(context.Context, *item) error { runtime.Goexit(); return nil }, isError(parfor.ErrGoexit)},
	{"deaf", counted, politeSignals, succeeds},
	{"stop", counted, stopAndGo, succeeds},
	{"noise", counted, noise, succeeds},
	{"forks", counted, forks, succeeds},
	{"children", counted, leaveChild(false, false), succeeds},
	{"daemons", counted, leaveChild(true, false), succeeds},
	{"clingers", counted, leaveChild(true, true), diesOf(parfor.Killed, "SIGKILL")},
	{"receiving", parcels, nil, diesOf(parfor.Killed, "SIGKILL")}, // done by the item's decoder
	{"sending", parcels, nil, diesOf(parfor.Killed, "SIGKILL")},   // by the result's encoder
	{"spin", slow, spin, timedOut},
	{"block", slow, block, timedOut},
	{"doomed", slow, dieWhileKilled, timedOutOrKilled},
	{"closefds", vandals, closeDescriptors, cutOff},
	{"badframes", vandals, badFrames, vandalised},
	{"scribble", vandals, scribble, vandalised},
}

func names() []string {
	var all []string
	for _, f := range faults {
		all = append(all, f.name)
	}
	return all
}

func selfSignal(s syscall.Signal) func(context.Context, *item) error {
	return func(context.Context, *item) error {
		syscall.Kill(os.Getpid(), s)
		select {}
	}
}

// touchNothing writes to a page without permissions, as a wild pointer does.
func touchNothing(context.Context, *item) error {
	page, err := syscall.Mmap(-1, 0, os.Getpagesize(), syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err == nil {
		page[0] = 1
	}
	return err
}

// eatMemory takes memory without end, of which the process allows itself little.
func eatMemory(context.Context, *item) error {
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: 256 << 20, Max: 256 << 20}); err != nil {
		return err
	}
	var all [][]byte
	for range 64 {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
	}
	return fmt.Errorf("%d MiB and no end", len(all)*16)
}

func recurse(_ context.Context, it *item) error { return fmt.Errorf("%d", deeper(int(it.N))) }

//lint:ignore SA5007 it is to overflow
func deeper(n int) int { return deeper(n+1) + 1 }

func raceOnMap(context.Context, *item) error {
	runtime.GOMAXPROCS(4) // on one processor no two are ever in the map
	m := map[int]int{}
	for range 4 {
		go func() {
			for {
				m[1]++
			}
		}()
	}
	select {}
}

func (it *item) code() int { return 3 + int(it.Salt)%62 }

func exit(_ context.Context, it *item) error { os.Exit(it.code()); return nil }

func strayPanic(context.Context, *item) error {
	go func() { panic("in a goroutine of its own") }()
	select {}
}

func panics(_ context.Context, it *item) error { panic(it.words()) }

func (it *item) words() string { return fmt.Sprintf("item %d has had enough", it.N) }

// politeSignals sends what workers don't listen to.
func politeSignals(context.Context, *item) error {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGWINCH} {
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			return err
		}
	}
	return nil
}

// stopAndGo stops the whole worker; a child has it go on.
func stopAndGo(context.Context, *item) error {
	cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf("for n in 1 2 3 4 5; do sleep 0.02; kill -CONT %d; done", os.Getpid()))
	if err := cmd.Start(); err != nil {
		return err
	}
	syscall.Kill(os.Getpid(), syscall.SIGSTOP) // comes when the kernel likes
	return cmd.Wait()
}

// noise is what bodies print that don't know that anybody reads it.
func noise(_ context.Context, it *item) error {
	b := garbage(it.Salt, 100_000)
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if _, err := f.Write(b); err != nil {
			return err
		}
		fmt.Fprint(f, "\nand a line without an end")
	}
	return nil
}

func forks(context.Context, *item) error {
	var all []*exec.Cmd
	for range 10 {
		cmd := exec.Command("/bin/true")
		if err := cmd.Start(); err != nil {
			return err
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// leaveChild leaves a process behind that has the worker's output open; one that
// leaves the group too, so that it can't be killed with it; and one that even has
// the pipe to the pool, after which the worker dies: nothing tells the pool that
// but the process's end.
func leaveChild(away, pipe bool) func(context.Context, *item) error {
	return func(context.Context, *item) error {
		cmd := exec.Command("/bin/sleep", "3")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: away}
		if pipe {
			up, err := syscall.Dup(5)
			if err != nil {
				return err
			}
			cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(up), "up")}
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		if pipe {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
}

func spin(context.Context, *item) error {
	//lint:ignore SA5002 it is to spin
	for {
	}
}

// block is a system call that the runtime can't interrupt, while signals are of
// no use.
func block(context.Context, *item) error {
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		return err
	}
	var b [1]byte
	for {
		syscall.Read(p[0], b[:])
	}
}

// dieWhileKilled is dead about when the pool has begun to kill it.
func dieWhileKilled(ctx context.Context, it *item) error {
	<-ctx.Done()
	time.Sleep(grace - 5*time.Millisecond + time.Duration(it.Salt%10_000)*time.Microsecond)
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// What the verdict must be.

func succeeds(err error, _ *item) error { return err }

func isError(want error) func(error, *item) error {
	return func(err error, _ *item) error {
		if !errors.Is(err, want) {
			return fmt.Errorf("want %w, got %w", want, orNil(err))
		}
		return nil
	}
}

// diesOf wants a worker's death of that cause, with its peak memory, and with the
// text in the name of the signal or at the end of standard error.
func diesOf(cause parfor.Cause, text string) func(error, *item) error {
	return func(err error, _ *item) error {
		var w *parfor.WorkerError
		if !errors.As(err, &w) || w.Cause != cause || w.PeakRSS == 0 || w.PID == 0 || !strings.Contains(w.Signal+w.Stderr, text) {
			return fmt.Errorf("want %q that says %q, got %w", cause, text, orNil(err))
		}
		return nil
	}
}

func exited(err error, it *item) error {
	var w *parfor.WorkerError
	if !errors.As(err, &w) || w.Cause != parfor.Exit || w.ExitCode != it.code() || w.PeakRSS == 0 {
		return fmt.Errorf("want exit code %d, got %w", it.code(), orNil(err))
	}
	return nil
}

func panicked(err error, it *item) error {
	var p *parfor.PanicError
	if !errors.As(err, &p) || fmt.Sprint(p.Value) != it.words() || !strings.Contains(string(p.Stack), "chaos/faults.go:") {
		return fmt.Errorf("want a panic of %q with its stack, got %w", it.words(), orNil(err))
	}
	return nil
}

func timedOut(err error, _ *item) error {
	var t *parfor.TimeoutError
	if !errors.As(err, &t) || !t.Killed || t.PID == 0 {
		return fmt.Errorf("want a timeout that killed, got %w", orNil(err))
	}
	return nil
}

func timedOutOrKilled(err error, it *item) error {
	if timedOut(err, it) == nil {
		return nil
	}
	return diesOf(parfor.Killed, "SIGKILL")(err, it)
}

// orNil makes a missing error one that can be shown.
func orNil(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}
