//go:build unix

package process_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// spin never returns, and doesn't look at its context.
func spin(_ context.Context, n int) (int, error) {
	if n < 0 {
		//lint:ignore SA5002 it is to spin
		for {
		}
	}
	return os.Getpid(), nil
}

// obedient waits for its context.
func obedient(ctx context.Context, n int) (string, error) {
	if n >= 0 {
		return "", nil
	}
	<-ctx.Done()
	return "", context.Cause(ctx)
}

var (
	_ = parfor.Register(spin)
	_ = parfor.Register(obedient)
)

func TestHardTimeoutNamesTheBody(t *testing.T) {
	p := pool(t, 2)
	items := []int{1, 2, -1, 4, 5, 6, 7, 8}
	out, err := parfor.Map(t.Context(), items, spin, parfor.On(p), parfor.KeepGoing(),
		parfor.Timeout(50*time.Millisecond), parfor.Grace(50*time.Millisecond))
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 1 || le.First[0].Index != 2 {
		t.Fatalf("got %v", err)
	}
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || !te.Killed || te.PID == 0 || !errors.Is(err, parfor.ErrTaskTimeout) {
		t.Fatalf("got %#v", le.First[0].Err)
	}
	if !strings.Contains(string(te.Stack), "process_test.spin") {
		t.Errorf("the stack doesn't name the body:\n%s", te.Stack)
	}
	for i, pid := range out {
		if i != 2 && pid == 0 {
			t.Errorf("item %d has no result", i)
		}
	}
}

func TestTimeoutOfABodyThatListens(t *testing.T) {
	p := pool(t, 1)
	before := pidOf(t, p)
	_, err := parfor.Map(t.Context(), []int{1, -1, 3}, obedient, parfor.On(p), parfor.KeepGoing(), parfor.Timeout(20*time.Millisecond))
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || te.Killed || te.Limit != 20*time.Millisecond {
		t.Fatalf("got %v", err)
	}
	if pidOf(t, p) != before {
		t.Error("the worker was replaced")
	}
}

func TestTimeoutIsNotTheMates(t *testing.T) {
	p := pool(t, 1, process.ItemsPerWorker(4))
	items := []int{1, -1, 3, 4, 5, 6, 7, 8}
	out, err := parfor.Map(t.Context(), items, spin, parfor.On(p), parfor.KeepGoing(),
		parfor.Timeout(50*time.Millisecond), parfor.Grace(100*time.Millisecond))
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 1 || le.First[0].Index != 1 || len(out) != 8 {
		t.Fatalf("got %v", err)
	}
}

func TestCancelReachesBodies(t *testing.T) {
	p := pool(t, 2)
	before := pidOf(t, p)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	f := parfor.Submit(ctx, p, obedient, -1)
	eventually(t, "the body", func() bool { return f.State() == parfor.Running })
	cancel(why)
	if _, err := f.Result(t.Context()); err == nil {
		t.Error("no error")
	}
	_ = before
}

func TestCancelKillsWhatDoesNotListen(t *testing.T) {
	p := pool(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	f := parfor.Submit(ctx, p, spin, -1, parfor.Grace(50*time.Millisecond))
	eventually(t, "the body", func() bool { return f.State() == parfor.Running })
	cancel()
	if _, err := f.Result(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	pidOf(t, p)
}

func TestFirstFailureStopsTheLoop(t *testing.T) {
	p := pool(t, 2)
	items := append([]string{"fail"}, make([]string, 10_000)...)
	_, err := parfor.Map(t.Context(), items, crash, parfor.On(p))
	if !errors.Is(err, errOdd) {
		t.Errorf("got %v", err)
	}
}
