//go:build !unix

package executortest

import (
	"context"
	"os"
	"testing"

	"parfor.dev/parfor"
)

// Worker processes exist on unix systems only.
var crashChecks []check

// Actions of bodies that take their process along; see crash_unix.go.
const (
	exit7 Action = "os.Exit(7)"
	stray Action = "panic in a goroutine"
)

func die(ctx context.Context, s Step) (int, error) {
	return os.Getpid(), pass(ctx, s.At, s.N, func(context.Context) error {
		if s.Do == exit7 {
			os.Exit(7)
		}
		go explode(s.N)
		select {}
	})
}

func dies(t *testing.T, _ *subject, _ Action) *parfor.WorkerError {
	t.Skip("no worker processes here")
	return nil
}
