//go:build unix

package process_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// busyPool is a pool whose one worker spins in hold, of a loop called spinning.
func busyPool(t *testing.T) (p *process.Pool, pid int) {
	t.Helper()
	p, err := process.NewPool(t.Context(), 1, process.Stderr(discard{}))
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/pid"
	ctx, cancel := context.WithCancel(t.Context())
	f := parfor.Submit(ctx, p, hold, file, parfor.Name("spinning"), parfor.Grace(time.Millisecond), parfor.Timeout(time.Hour))
	t.Cleanup(func() {
		cancel()
		f.Result(context.Background())
		p.Close()
	})
	return p, appears(t, file)
}

// pprofText is what go tool pprof says.
func pprofText(t *testing.T, profile []byte, how string) string {
	t.Helper()
	file := t.TempDir() + "/profile"
	if err := os.WriteFile(file, profile, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "tool", "pprof", how, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func TestProfilesOfABusyWorker(t *testing.T) {
	p, _ := busyPool(t)
	for name, d := range map[string]time.Duration{"cpu": 300 * time.Millisecond, "trace": 10 * time.Millisecond, "goroutine": 0, "heap": 0,
		"allocs": 0, "block": time.Millisecond, "mutex": time.Millisecond, "threadcreate": 0} {
		var b bytes.Buffer
		if err := p.Profile(t.Context(), 0, name, d, &b); err != nil || b.Len() == 0 {
			t.Errorf("%s: %d bytes, %v", name, b.Len(), err)
			continue
		}
		switch name {
		case "trace":
			if !strings.HasPrefix(b.String(), "go 1.") {
				t.Errorf("no trace: %.20q", b.String())
			}
		case "cpu", "goroutine":
			if text := pprofText(t, b.Bytes(), "-top"); !strings.Contains(text, "process_test.hold") {
				t.Errorf("%s: the body is not in it:\n%s", name, text)
			}
			if text := pprofText(t, b.Bytes(), "-tags"); !strings.Contains(text, "spinning") || !strings.Contains(text, "processes") {
				t.Errorf("%s: no labels:\n%s", name, text)
			}
		}
	}
}

func TestAProfileEndsWithItsContext(t *testing.T) {
	p, _ := busyPool(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errOdd)
	if err := p.Profile(ctx, 0, "cpu", time.Hour, io.Discard); !errors.Is(err, errOdd) {
		t.Errorf("got %v", err)
	}
	// The recording ends as well: there can be but one.
	eventually(t, "another one", func() bool {
		return p.Profile(t.Context(), 0, "cpu", time.Millisecond, io.Discard) == nil
	})
}

func TestAProfileEndsWithItsWorker(t *testing.T) {
	p, pid := busyPool(t)
	done := make(chan error, 1)
	go func() { done <- p.Profile(t.Context(), 0, "trace", time.Hour, io.Discard) }()
	eventually(t, "the recording", func() bool {
		var b bytes.Buffer
		if err := p.Profile(t.Context(), 0, "goroutine", 0, &b); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(pprofText(t, b.Bytes(), "-top"), "process.sleep")
	})
	syscall.Kill(pid, syscall.SIGKILL)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("got %v", err)
	}
}

func TestProfileRefusesNonsense(t *testing.T) {
	p := pool(t, 1)
	for _, c := range []struct {
		worker int
		name   string
		d      time.Duration
		text   string
	}{
		{1, "heap", 0, "there are 0 to 0"},
		{-1, "heap", 0, "worker -1"},
		{0, "", 0, "give one of"},
		{0, "cpu", 0, "positive"},
		{0, "trace", -1, "positive"},
		{0, "heap", 1, "give 0"},
	} {
		if err := p.Profile(t.Context(), c.worker, c.name, c.d, io.Discard); !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := p.Profile(t.Context(), 0, "nothing", 0, io.Discard); err == nil || !strings.Contains(err.Error(), "none of this name") {
		t.Errorf("an unknown name: %v", err)
	}
	var none *process.Pool
	if err := none.Profile(t.Context(), 0, "heap", 0, io.Discard); !errors.Is(err, parfor.ErrNoExecutor) {
		t.Errorf("nil: %v", err)
	}
	closed, err := process.NewPool(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if err := closed.Profile(t.Context(), 0, "heap", 0, io.Discard); err == nil {
		t.Error("a closed pool has a profile")
	}
}
