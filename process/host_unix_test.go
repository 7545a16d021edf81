//go:build unix

package process_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
)

// Owners look for the results of short tasks instead of sleeping. What wakes one
// meanwhile must not have it look for as long as a task takes.
func TestAWakeEndsNoSleep(t *testing.T) {
	p := pool(t, 1)
	ctx := t.Context()
	const rounds, long = 30, 30 * time.Millisecond
	var spent time.Duration
	for range rounds {
		for i := range 100 { // the pool takes the body for a quick one
			if _, err := parfor.Submit(ctx, p, pause, 0).Result(ctx); err != nil {
				t.Fatal(i, err)
			}
		}
		before := processorTime(t)
		first := parfor.Submit(ctx, p, pause, long)
		for range 20 {
			p.Nudge()
			time.Sleep(5 * time.Microsecond)
		}
		if _, err := first.Result(ctx); err != nil {
			t.Fatal(err)
		}
		spent += processorTime(t) - before
	}
	if spent > rounds*long/4 {
		t.Errorf("waiting for %v took %v of processor time", rounds*long, spent)
	}
}

// processorTime is what this process has used.
func processorTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func pause(_ context.Context, d time.Duration) (int, error) { time.Sleep(d); return 0, nil }

var _ = parfor.Register(pause)
