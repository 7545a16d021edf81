package process_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// pesters is a body that gets what a terminal and a service manager send.
func pesters(_ context.Context, _ int) (int, error) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			return 0, err
		}
	}
	return os.Getpid(), nil
}

// parent starts a child, says its pid in a file, and hangs.
func parent(_ context.Context, file string) (int, error) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if err := os.WriteFile(file, strconv.AppendInt(nil, int64(cmd.Process.Pid), 10), 0o600); err != nil {
		return 0, err
	}
	//lint:ignore SA5002 it is to spin
	for {
	}
}

// gluttonous takes memory until the limit that it sets itself.
func gluttonous(context.Context, int) (int, error) {
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: 256 << 20, Max: 256 << 20}); err != nil {
		return 0, err
	}
	var all [][]byte
	for range 64 {
		all = append(all, make([]byte, 16<<20))
	}
	return len(all), nil
}

func processors(context.Context, int) (int, error) { return runtime.GOMAXPROCS(0), nil }

var (
	_ = parfor.Register(pesters)
	_ = parfor.Register(parent)
	_ = parfor.Register(gluttonous)
	_ = parfor.Register(processors)
)

// When its program is to end, a worker waits for its program's word.
func TestWorkersDoNotListenToATerminal(t *testing.T) {
	p := pool(t, 1)
	var last int
	for i := range 3 {
		pid, err := parfor.Submit(t.Context(), p, pesters, i).Result(t.Context())
		if err != nil || i > 0 && pid != last {
			t.Fatalf("worker %d after %d: %v", pid, last, err)
		}
		last = pid
	}
}

// A worker that is killed, here for its timeout, takes along what its body started.
func TestAKilledWorkerTakesItsChildrenAlong(t *testing.T) {
	p := pool(t, 1)
	file := t.TempDir() + "/pids"
	f := parfor.Submit(t.Context(), p, parent, file, parfor.Timeout(500*time.Millisecond), parfor.Grace(10*time.Millisecond))
	child := appears(t, file)
	fd, err := unix.PidfdOpen(child, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := f.Result(t.Context()); !errors.Is(err, parfor.ErrTaskTimeout) {
		t.Errorf("got %v", err)
	}
	if n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(soon.Milliseconds())); n != 1 {
		t.Error("the child is still there")
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

func TestC33_OutOfMemoryIsNamed(t *testing.T) {
	p := pool(t, 1, process.Stderr(discard{}))
	_, err := parfor.Submit(t.Context(), p, gluttonous, 0).Result(t.Context())
	var w *parfor.WorkerError
	if !errors.As(err, &w) || w.Cause != parfor.OOM || w.PeakRSS == 0 {
		t.Errorf("got %v", err)
	}
}

// The workers of one pool have together as many processors as the program.
func TestWorkersShareTheProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(6))
	p := pool(t, 0)
	if p.Slots() != 6 {
		t.Errorf("%d workers", p.Slots())
	}
	for n, want := range map[int]int{2: 3, 4: 1} {
		got, err := parfor.Map(t.Context(), upTo(1), processors, parfor.On(pool(t, n)))
		if err != nil || got[0] != want {
			t.Errorf("%d workers: %v processors each, %v", n, got, err)
		}
	}
}

// Results are not kept, neither by the loop nor by the pool, once they are taken.
func TestC11_TakenResultsAreNotKept(t *testing.T) {
	p := pool(t, 2)
	large := make([]byte, 300_000)
	var m runtime.MemStats
	endless := func(yield func([]byte) bool) {
		for yield(large) {
		}
	}
	n := 0
	for r, err := range parfor.Stream(t.Context(), endless, echo, parfor.On(p), parfor.Window(16)) {
		if err != nil || len(r.Out) != len(large) {
			t.Fatalf("%d bytes, %v", len(r.Out), err)
		}
		if n++; n%300 == 0 {
			runtime.GC()
			if runtime.ReadMemStats(&m); m.HeapAlloc > 60<<20 {
				t.Fatalf("%d MiB after %d results", m.HeapAlloc>>20, n)
			}
		}
		if n == 1500 {
			break
		}
	}
}
