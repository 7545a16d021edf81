package cluster_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// ends is a body that ends as its item says.
func ends(ctx context.Context, how string) (int, error) {
	switch how {
	case "error":
		return 0, os.ErrNotExist
	case "panic":
		panic("as it was told")
	case "goexit":
		runtime.Goexit()
	case "late":
		<-ctx.Done()
	case "argument":
		return parfor.Arg[int](ctx), nil
	}
	return os.Getpid(), nil
}

var _ = parfor.Register(ends)

// An agent that runs items on goroutines of this program: errors mean the same.
func TestGoroutineAgent(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	serve(t, s.URL(), 0, cluster.Goroutines(4))
	slotsOf(t, x, 4)
	out, err := parfor.Map(within(t), []string{"well", "error", "panic", "goexit", "late", "argument", "well"}, ends, parfor.On(x),
		parfor.KeepGoing(), parfor.Timeout(300*time.Millisecond), parfor.With(42))
	failed := parfor.Failed(err)
	var pe *parfor.PanicError
	var te *parfor.TimeoutError
	if len(failed) != 4 || !errors.Is(failed[1], os.ErrNotExist) || !errors.As(failed[2], &pe) || !errors.Is(failed[3], parfor.ErrGoexit) ||
		!errors.As(failed[4], &te) || te.Killed {
		t.Errorf("failed: %v", failed)
	}
	if out[0] != os.Getpid() || out[5] != 42 || out[6] != os.Getpid() {
		t.Errorf("%v", out)
	}
	if out, err := parfor.Map(within(t), parfor.Range(2000), square, parfor.On(x)); err != nil || out[1999] != 1999*1999 {
		t.Errorf("%v", err)
	}
	x.Close()
	empty(t, s.URL())
}
