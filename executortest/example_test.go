package executortest_test

import (
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/executortest"
)

// An executor's tests are one call, given how to open one.
func ExampleRun() {
	TestGoroutines := func(t *testing.T) {
		executortest.Run(t, executortest.Goroutines, func(t *testing.T, slots int) parfor.Executor {
			return parfor.Goroutines(slots)
		})
	}
	_ = TestGoroutines // in a test file it is a function of its own
}
