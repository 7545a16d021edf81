//go:build unix

package process_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func TestCallRunsInAProcessOfItsOwn(t *testing.T) {
	seen := map[int]bool{os.Getpid(): true}
	for range 3 {
		pid, err := process.Call(t.Context(), crash, "")
		if err != nil || seen[pid] {
			t.Fatalf("process %d, %v", pid, err)
		}
		seen[pid] = true
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there: %v", pid, err)
		}
	}
}

// Both kinds of options in one list.
func TestCallTakesOptionsOfPoolAndTask(t *testing.T) {
	got, err := process.Call(t.Context(), setting, "CALL_TEST", process.Env("CALL_TEST=there"), parfor.Timeout(soon), parfor.Name("setting"))
	if got != "there" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestCallErrors(t *testing.T) {
	quiet := process.Stderr(discard{})
	_, err := process.Call(t.Context(), crash, "fail")
	if !errors.Is(err, errOdd) {
		t.Errorf("the body's own: %v", err)
	}
	var pe *parfor.PanicError
	if _, err := process.Call(t.Context(), crash, "panic"); !errors.As(err, &pe) {
		t.Errorf("panic: %v", err)
	}
	var we *parfor.WorkerError
	if _, err := process.Call(t.Context(), crash, "exit", quiet); !errors.As(err, &we) || we.ExitCode != 7 {
		t.Errorf("exit: %v", err)
	}
	var te *parfor.TimeoutError
	_, err = process.Call(t.Context(), hold, t.TempDir()+"/pid", quiet, parfor.Timeout(20*time.Millisecond), parfor.Grace(20*time.Millisecond))
	if !errors.As(err, &te) || !te.Killed || !strings.Contains(string(te.Stack), "process_test.hold") {
		t.Errorf("timeout: %v", err)
	}
}

// diesOnce crashes unless the file is there, which it makes first.
func diesOnce(_ context.Context, file string) (int, error) {
	if _, err := os.Stat(file); err == nil {
		return os.Getpid(), nil
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return 0, err
	}
	os.Exit(3)
	return 0, nil
}

var _ = parfor.Register(diesOnce)

func TestCallTriesAgainInANewProcess(t *testing.T) {
	if _, err := process.Call(t.Context(), diesOnce, t.TempDir()+"/was", process.Stderr(discard{}), parfor.Attempts(2)); err != nil {
		t.Error(err)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	file := t.TempDir() + "/pid"
	done := make(chan error, 1)
	go func() {
		_, err := process.Call(ctx, hold, file, process.Stderr(discard{}), parfor.Grace(20*time.Millisecond))
		done <- err
	}()
	pid := appears(t, file)
	cancel(errOdd)
	if err := <-done; !errors.Is(err, errOdd) {
		t.Errorf("got %v", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
	if _, err := process.Call(ctx, double, 1); !errors.Is(err, errOdd) {
		t.Errorf("ended before: %v", err)
	}
}

func unregistered(_ context.Context, n int) (int, error) { return n, nil }

// Whatever is wrong is said before a process starts: these name a directory in
// which none could.
func TestCallChecksBeforeItStarts(t *testing.T) {
	for name, c := range map[string]struct {
		opts []process.CallOption
		want error
		text string
	}{
		"the process's":   {[]process.CallOption{process.Env("x")}, parfor.ErrOption, "name=value"},
		"the task's":      {[]process.CallOption{parfor.Timeout(-1)}, parfor.ErrOption, "Timeout"},
		"a loop's":        {[]process.CallOption{parfor.Workers(2)}, parfor.ErrOption, "one worker"},
		"several at once": {[]process.CallOption{process.ItemsPerWorker(2)}, parfor.ErrOption, "ItemsPerWorker(2)"},
		"nil":             {[]process.CallOption{nil}, parfor.ErrOption, "nil"},
	} {
		_, err := process.Call(t.Context(), double, 1, append(c.opts, process.StartTimeout(1))...)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := process.Call(t.Context(), unregistered, 1, process.StartTimeout(1)); !errors.Is(err, parfor.ErrNotRegistered) {
		t.Errorf("unregistered: %v", err)
	}
	var we *parfor.WorkerError
	if _, err := process.Call(t.Context(), double, 1, process.StartTimeout(1)); !errors.As(err, &we) || we.Cause != parfor.StartFailed {
		t.Errorf("a start that takes too long: %v", err)
	}
}

// A call from a body, whose context says which task it belongs to.
func callsOut(ctx context.Context, n int) (int, error) { return process.Call(ctx, double, n) }

var _ = parfor.Register(callsOut)

func TestCallFromBodies(t *testing.T) {
	out, err := parfor.Map(t.Context(), upTo(4), callsOut, parfor.Workers(2))
	if err != nil || out[3] != 6 {
		t.Errorf("on goroutines: %v, %v", out, err)
	}
	if _, err := parfor.Map(t.Context(), upTo(1), callsOut, parfor.On(pool(t, 1))); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("in a worker: %v", err)
	}
}

// closesBadly is a value whose end fails.
var closesBadly = parfor.PerWorker(func(context.Context) (int, error) { return 1, nil }, func(int) error { return errOdd })

func opensWhatClosesBadly(ctx context.Context, n int) (int, error) {
	_, err := closesBadly.Get(ctx)
	return n, err
}

var _ = parfor.Register(opensWhatClosesBadly)

func TestCallTellsOfABadEndBesideTheResult(t *testing.T) {
	out, err := process.Call(t.Context(), opensWhatClosesBadly, 5)
	if out != 5 || !errors.Is(err, errOdd) || !strings.Contains(err.Error(), "when it ended") {
		t.Errorf("%d, %v", out, err)
	}
}

func BenchmarkCall(b *testing.B) {
	for b.Loop() {
		if _, err := process.Call(b.Context(), double, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCallThatCrashes(b *testing.B) {
	for b.Loop() {
		if _, err := process.Call(b.Context(), crash, "exit", process.Stderr(discard{})); err == nil {
			b.Fatal("no error")
		}
	}
}
