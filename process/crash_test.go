//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// crash does to its process what the item says.
func crash(ctx context.Context, how string) (int, error) {
	switch how {
	case "segfault":
		wild := uintptr(0x70000000)
		**(**int)(unsafe.Pointer(&wild)) = 1
	case "nil":
		*(*int)(nil) = 1 // a panic, which Go can recover
	case "exit":
		os.Exit(7)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "overflow":
		return overflow(0), nil
	case "goexit":
		runtime.Goexit()
	case "panic":
		panic("at the disco")
	case "elsewhere":
		go func() { panic("in a goroutine of its own") }()
		select {}
	case "map":
		m := map[int]int{}
		for range 4 {
			go func() {
				for {
					m[1]++
				}
			}()
		}
		select {}
	case "fail":
		return 0, fmt.Errorf("item: %w", errOdd)
	}
	return os.Getpid(), nil
}

//lint:ignore SA5007 it is to overflow
func overflow(n int) int { return overflow(n+1) + 1 }

var (
	_ = parfor.Register(crash)
	_ = parfor.RegisterError(errOdd)
)

// oneOf runs a bad item among good ones and returns its error.
func oneOf(t *testing.T, p *process.Pool, how string) error {
	t.Helper()
	items := make([]string, 20)
	items[11] = how
	out, err := parfor.Map(t.Context(), items, crash, parfor.On(p), parfor.KeepGoing())
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 1 || le.First[0].Index != 11 {
		t.Fatalf("%s: want item 11 alone to fail, got %v", how, err)
	}
	for i, pid := range out {
		if i != 11 && pid == 0 {
			t.Fatalf("%s: item %d has no result", how, i)
		}
	}
	return le.First[0].Err
}

func TestC33_CrashesCostOneItemAndAreNamed(t *testing.T) {
	p := pool(t, 2, process.Stderr(discard{}))
	for _, c := range []struct {
		how   string
		cause parfor.Cause
		code  int
		text  string
	}{
		{"segfault", parfor.Fault, 2, ""},
		{"exit", parfor.Exit, 7, "exit code 7"},
		{"kill", parfor.Killed, -1, "SIGKILL"},
		{"overflow", parfor.StackOverflow, 2, "stack"},
		{"elsewhere", parfor.FatalError, 2, "in a goroutine of its own"},
	} {
		err := oneOf(t, p, c.how)
		var we *parfor.WorkerError
		if !errors.As(err, &we) {
			t.Errorf("%s: %v is not a WorkerError", c.how, err)
			continue
		}
		if we.Cause != c.cause || we.ExitCode != c.code || we.PID == 0 || we.PeakRSS == 0 || !strings.Contains(we.Error(), c.text) {
			t.Errorf("%s: cause %q, code %d, pid %d, peak %d: %v", c.how, we.Cause, we.ExitCode, we.PID, we.PeakRSS, we)
		}
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func TestC34_GoexitCostsTheTaskNotTheWorker(t *testing.T) {
	p := pool(t, 1)
	before := pidOf(t, p)
	if err := oneOf(t, p, "goexit"); !errors.Is(err, parfor.ErrGoexit) {
		t.Errorf("got %v", err)
	}
	if after := pidOf(t, p); after != before {
		t.Errorf("worker %d was replaced by %d", before, after)
	}
}

func pidOf(t *testing.T, p *process.Pool) int {
	t.Helper()
	pid, err := parfor.Submit(t.Context(), p, crash, "").Result(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestC43_PanicCarriesItsStack(t *testing.T) {
	p := pool(t, 1)
	before := pidOf(t, p)
	err := oneOf(t, p, "panic")
	var pe *parfor.PanicError
	if !errors.As(err, &pe) {
		t.Fatalf("%v is no PanicError", err)
	}
	if fmt.Sprint(pe.Value) != "at the disco" || !strings.Contains(string(pe.Stack), "process_test.crash") || !strings.Contains(string(pe.Stack), "crash_test.go:") {
		t.Errorf("value %v, stack\n%s", pe.Value, pe.Stack)
	}
	if first := strings.Split(string(pe.Stack), "\n")[1]; !strings.Contains(first, "crash") {
		t.Errorf("the stack begins at %s", first)
	}
	if err := oneOf(t, p, "nil"); !errors.As(err, &pe) {
		t.Errorf("nil dereference: %v", err)
	}
	if err := oneOf(t, p, "fail"); !errors.Is(err, errOdd) || !strings.Contains(err.Error(), "item: odd") {
		t.Errorf("plain error: %v", err)
	}
	if after := pidOf(t, p); after != before {
		t.Errorf("worker %d was replaced by %d", before, after)
	}
}

func TestC32_WorkerKilledWhileIdle(t *testing.T) {
	p := pool(t, 1)
	for range 3 {
		pid := pidOf(t, p)
		syscall.Kill(pid, syscall.SIGKILL)
		// The pool may still hand out a task to the dying worker: that one is
		// claimed by nobody and goes to the next.
		if next := pidOf(t, p); next == pid {
			t.Fatalf("worker %d is still there", pid)
		}
	}
}

// hold tells its pid on a pipe of the test's, then never returns.
func hold(ctx context.Context, file string) (int, error) {
	if file == "" {
		return 0, nil
	}
	if err := os.WriteFile(file, fmt.Append(nil, os.Getpid()), 0o600); err != nil {
		return 0, err
	}
	//lint:ignore SA5002 it is to spin
	for {
	}
}

var _ = parfor.Register(hold)

func TestC32_WorkerKilledWhileBusy(t *testing.T) {
	p := pool(t, 2)
	file := t.TempDir() + "/pid"
	f := parfor.Submit(t.Context(), p, hold, file)
	others := parfor.Submit(t.Context(), p, hold, "")
	syscall.Kill(appears(t, file), syscall.SIGKILL)
	_, err := f.Result(t.Context())
	var we *parfor.WorkerError
	if !errors.As(err, &we) || we.Signal != "SIGKILL" || we.Cause != parfor.Killed {
		t.Errorf("got %v", err)
	}
	if _, err := others.Result(t.Context()); err != nil {
		t.Errorf("the other one: %v", err)
	}
	pidOf(t, p)
}

// appears waits for a number in a file.
func appears(t *testing.T, file string) (n int) {
	t.Helper()
	eventually(t, "the file "+file, func() bool {
		b, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		_, err = fmt.Sscan(string(b), &n)
		return err == nil
	})
	return n
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(soon); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestC44_EveryLostTaskHasItsOwnError(t *testing.T) {
	p := pool(t, 1, process.ItemsPerWorker(3), process.Stderr(discard{}))
	dir := t.TempDir()
	a := parfor.Submit(t.Context(), p, hold, dir+"/a")
	b := parfor.Submit(t.Context(), p, hold, dir+"/b")
	pid := appears(t, dir+"/a")
	appears(t, dir+"/b")
	syscall.Kill(pid, syscall.SIGKILL)
	_, errA := a.Result(t.Context())
	_, errB := b.Result(t.Context())
	var wa, wb *parfor.WorkerError
	if !errors.As(errA, &wa) || !errors.As(errB, &wb) || wa == wb {
		t.Errorf("%v and %v", errA, errB)
	}
}
