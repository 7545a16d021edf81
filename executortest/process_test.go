package executortest_test

import (
	"io"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/executortest"
	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) { process.TestMain(leak.Around(m)) }

func TestProcesses(t *testing.T) {
	executortest.Run(t, executortest.Processes, func(t *testing.T, slots int) parfor.Executor {
		p, err := process.NewPool(t.Context(), slots, process.Stderr(io.Discard),
			process.Env("GORACE=atexit_sleep_ms=0")) // else each worker takes a second to end, under -race
		if err != nil {
			t.Fatal(err)
		}
		return p
	})
}

// With several items at once in a process, a crash costs those that run in it,
// and no other.
func TestItemsPerWorkerMates(t *testing.T) {
	p, err := process.NewPool(t.Context(), 1, process.ItemsPerWorker(2), process.Stderr(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	executortest.CrashWithMate(t, p)
}
