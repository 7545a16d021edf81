package process_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// A worker that was stopped under an item costs that item; what waits in it is
// done by others.
func TestFrozenWorkerCostsItsItem(t *testing.T) {
	p := pool(t, 2, process.Heartbeat(300*time.Millisecond))
	file := t.TempDir() + "/pid"
	f := parfor.Submit(t.Context(), p, hold, file)
	pid := appears(t, file)
	syscall.Kill(pid, syscall.SIGSTOP)
	var rest []*parfor.Future[string, int]
	for range 50 {
		rest = append(rest, parfor.Submit(t.Context(), p, hold, ""))
	}
	_, err := f.Result(t.Context())
	var we *parfor.WorkerError
	if !errors.As(err, &we) || we.Cause != parfor.Frozen || we.PID != pid || !strings.Contains(err.Error(), "sent no heartbeat for 300ms: stopped (state T)") {
		t.Errorf("got %v", err)
	}
	for _, f := range rest {
		if _, err := f.Result(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A task may wait in a worker that was stopped before it took it.
func TestFrozenWorkerThatWasIdleCostsNothing(t *testing.T) {
	p := pool(t, 1, process.Heartbeat(300*time.Millisecond))
	pid := pidOf(t, p)
	syscall.Kill(pid, syscall.SIGSTOP)
	eventually(t, "the worker to stop", func() bool { return line(fmt.Sprintf("/proc/%d/status", pid), "State") == "T (stopped)" })
	if next := pidOf(t, p); next == pid {
		t.Error("the frozen worker ran a task")
	}
}

func TestBusyWorkersAreNotFrozen(t *testing.T) {
	for _, env := range []string{"", "GODEBUG=asyncpreemptoff=1"} {
		t.Run(env, func(t *testing.T) {
			opts := []process.Option{process.Heartbeat(200 * time.Millisecond), process.Env("GOMAXPROCS=1")}
			if env != "" {
				opts = append(opts, process.Env(env))
			}
			p := pool(t, 2, opts...)
			if _, err := parfor.Map(t.Context(), []string{"loop", "call"}, occupy, parfor.On(p)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Off means off: a debugger may hold a worker for as long as it likes.
func TestHeartbeatZeroIsNone(t *testing.T) {
	p := pool(t, 1, process.Heartbeat(0))
	gate := t.TempDir() + "/gate"
	f := parfor.Submit(t.Context(), p, untilThere, gate)
	pid := appears(t, gate+".pid")
	syscall.Kill(pid, syscall.SIGSTOP)
	time.Sleep(500 * time.Millisecond) // nothing is to happen
	syscall.Kill(pid, syscall.SIGCONT)
	write(t, gate, "")
	if got, err := f.Result(t.Context()); got != pid || err != nil {
		t.Errorf("the task ended in %d of %d: %v", got, pid, err)
	}
}

// occupy keeps its thread for a second, and with it the process's only one for
// Go code: with a loop that never yields, or as a call of C does that blocks.
func occupy(_ context.Context, how string) (string, error) {
	if how == "call" {
		s := syscall.Timespec{Sec: 1}
		return "", syscall.Nanosleep(&s, nil)
	}
	for range 2_000_000_000 { // most of a second, without a call in it
	}
	return "", nil
}

var _ = parfor.Register(occupy)
