package executortest

import (
	"testing"

	"parfor.dev/parfor"
)

func TestFuturesSequential(t *testing.T) {
	testFutures(t, func(*testing.T) parfor.Executor { return parfor.Sequential() })
}

func TestFuturesGoroutines(t *testing.T) {
	for _, n := range []int{1, 2, 8} {
		testFutures(t, func(*testing.T) parfor.Executor { return parfor.Goroutines(n) })
	}
}
