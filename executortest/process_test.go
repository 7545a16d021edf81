package executortest_test

import (
	"io"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/executortest"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) { process.TestMain(m) }

func TestProcesses(t *testing.T) {
	executortest.Run(t, executortest.Processes, func(t *testing.T, slots int) parfor.Executor {
		p, err := process.NewPool(t.Context(), slots, process.Stderr(io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		return p
	})
}
