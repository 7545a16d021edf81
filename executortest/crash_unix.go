//go:build unix

package executortest

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
)

var crashChecks = []check{
	{"C32_WorkerKilledWhileBusy", onProcesses, killedWhileBusy},
	{"C32_WorkerKilledWhileIdle", onProcesses, killedWhileIdle},
	{"C33_Segfault", onProcesses, segfault},
	{"C33_ExitCode", onProcesses, exitCode},
	{"CrashWithAttempts", onProcesses, crashWithAttempts},
	{"CrashStopsByDefault", onProcesses, crashStops},
	{"HardTimeout", onProcesses, hardTimeout},
	{"HardCancel", onProcesses, hardCancel},
}

const (
	segfaults Action = "write to memory that is not there"
	exit7     Action = "os.Exit(7)"
	stray     Action = "panic in a goroutine"
	spins     Action = "spin"
)

// die is a body that takes its process along.
func die(ctx context.Context, s Step) (int, error) {
	err := pass(ctx, s.At, s.N, func(context.Context) error {
		s.die()
		return nil
	})
	return os.Getpid(), err
}

func (s Step) die() {
	switch s.Do {
	case segfaults:
		// A write through a nil pointer would be a panic; a page without
		// permissions is what a wild pointer in cgo hits.
		page, err := syscall.Mmap(-1, 0, os.Getpagesize(), syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err == nil {
			page[0] = 1
		}
	case exit7:
		os.Exit(7)
	case stray:
		go explode(s.N)
		select {}
	case spins:
		spin()
	}
}

// spin is the function that a hard timeout's stack must name.
func spin() {
	for n := uint64(0); ; n++ {
		if n == 1<<63 {
			return
		}
	}
}

var _ = parfor.Register(die)

// KeepGoing: one bad item among many costs itself alone.
func dies(t *testing.T, s *subject, how Action) *parfor.WorkerError {
	t.Helper()
	g := openGate(t)
	in := steps(12, g.address())
	in[5].Do = how
	out, err := parfor.Map(within(t), in, die, s.on(2, parfor.KeepGoing())...)
	equal(t, "failed", failedItems(err), []int{5})
	var we *parfor.WorkerError
	if !errors.As(err, &we) {
		t.Fatalf("no *WorkerError in %v", err)
	}
	if we.PID == os.Getpid() || we.PID == 0 {
		t.Errorf("it names pid %d", we.PID)
	}
	for i, pid := range out {
		if (pid == 0) != (i == 5) {
			t.Errorf("item %d has result %d", i, pid)
		}
	}
	ran := g.visits()
	slices.Sort(ran)
	equal(t, "bodies that ran", ran, parfor.Range(12))
	stillWorks(t, s)
	return we
}

func segfault(t *testing.T, s *subject) {
	if we := dies(t, s, segfaults); we.Cause != parfor.Fault || !strings.Contains(we.Signal+we.Stderr, "SIGSEGV") {
		t.Errorf("cause %q, text %q", we.Cause, we)
	}
}

func exitCode(t *testing.T, s *subject) {
	if we := dies(t, s, exit7); we.Cause != parfor.Exit || we.ExitCode != 7 || !contains(we, "exit code 7") {
		t.Errorf("%+v reads %q", we, we)
	}
}

// KeepGoing.
func killedWhileBusy(t *testing.T, s *subject) {
	g := newGate(t)
	in := steps(8, g.address())
	go func() {
		v := g.await(3)
		syscall.Kill(v.PID, syscall.SIGKILL)
		g.letAll()
	}()
	in[0].At, in[1].At, in[2].At = "", "", "" // so that the third is reached
	out, err := parfor.Map(within(t), in, act, s.on(2, parfor.KeepGoing(), parfor.Chunk(1))...)
	equal(t, "failed", failedItems(err), []int{3})
	var we *parfor.WorkerError
	if !errors.As(err, &we) || we.Cause != parfor.Killed || we.Signal != "SIGKILL" {
		t.Errorf("error %v", err)
	}
	for i, r := range out {
		if i != 3 && r.Square != i*i {
			t.Errorf("result %d is %+v", i, r)
		}
	}
	stillWorks(t, s)
}

// Default mode: nothing was running, so nothing fails.
func killedWhileIdle(t *testing.T, s *subject) {
	out, err := parfor.Map(within(t), steps(4, ""), act, s.on(2)...)
	if err != nil {
		t.Fatal(err)
	}
	syscall.Kill(out[0].PID, syscall.SIGKILL)
	for range 3 {
		if _, err := parfor.Map(within(t), steps(4, ""), act, s.on(2, parfor.Attempts(2))...); err != nil {
			t.Error(err)
		}
	}
}

// KeepGoing: a crash is a failure like others for Attempts.
func crashWithAttempts(t *testing.T, s *subject) {
	g := openGate(t)
	_, err := parfor.Map(within(t), []Step{{N: 0, At: g.address(), Do: exit7}}, die, s.on(2, parfor.Attempts(3))...)
	equal(t, "failed", failedItems(err), []int{0})
	equal(t, "attempts", g.visits(), []int{0, 0, 0})
	if loopError(t, err).First[0].Attempt != 3 {
		t.Errorf("%v", err)
	}
}

// Default mode.
func crashStops(t *testing.T, s *subject) {
	g := openGate(t)
	in := steps(50, g.address())
	in[0].Do = exit7
	_, err := parfor.Map(within(t), in, die, s.on(2)...)
	equal(t, "failed", failedItems(err), []int{0})
}

// KeepGoing: a body that never looks at its context is killed, and its stack
// says where it was.
func hardTimeout(t *testing.T, s *subject) {
	g := openGate(t)
	in := []Step{{N: 0, At: g.address(), Do: spins}, {N: 1, At: g.address()}}
	out, err := parfor.Map(within(t), in, die, s.on(2, parfor.Timeout(300*time.Millisecond), parfor.Grace(short), parfor.KeepGoing(), parfor.Chunk(1))...)
	equal(t, "failed", failedItems(err), []int{0})
	mustBe(t, err, parfor.ErrTaskTimeout)
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || !te.Killed || te.PID == 0 || !strings.Contains(string(te.Stack), "executortest.spin") {
		t.Errorf("timeout %v, stack:\n%s", err, te.Stack)
	}
	if out[1] == 0 {
		t.Error("the other item has no result")
	}
	stillWorks(t, s)
}

// Both modes: a cancelled loop doesn't wait for a body that never returns.
func hardCancel(t *testing.T, s *subject) {
	for _, opts := range [][]parfor.Option{nil, {parfor.KeepGoing()}} {
		g := newGate(t)
		ctx, cancel := cancelWith(t)
		go func() {
			g.next().let()
			cancel(errMind)
		}()
		_, err := parfor.Map(ctx, []Step{{At: g.address(), Do: spins}}, die, s.on(2, append(opts, parfor.Grace(short))...)...)
		mustBe(t, err, errMind)
		stillWorks(t, s)
	}
}
