package dicttest_test

import (
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict/dicttest"
	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) { process.TestMain(leak.Around(m)) }

func TestProcesses(t *testing.T) {
	dicttest.Run(t, func(t *testing.T) parfor.Executor { return newPool(t) })
}

func TestProcessesWithSeveralItemsEach(t *testing.T) {
	dicttest.Run(t, func(t *testing.T) parfor.Executor { return newPool(t, process.ItemsPerWorker(3)) })
}

func newPool(t *testing.T, opts ...process.Option) parfor.Executor {
	p, err := process.NewPool(t.Context(), 2, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}
