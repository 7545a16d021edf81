package executortest_test

import (
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/executortest"
)

func TestSequential(t *testing.T) {
	executortest.Run(t, executortest.Sequential, func(*testing.T, int) parfor.Executor { return parfor.Sequential() })
}

func TestGoroutines(t *testing.T) {
	executortest.Run(t, executortest.Goroutines, func(_ *testing.T, slots int) parfor.Executor { return parfor.Goroutines(slots) })
}
