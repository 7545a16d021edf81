package dicttest_test

import (
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict/dicttest"
)

func TestSequential(t *testing.T) {
	dicttest.Run(t, func(*testing.T) parfor.Executor { return parfor.Sequential() })
}

func TestGoroutines(t *testing.T) {
	dicttest.Run(t, func(*testing.T) parfor.Executor { return parfor.Goroutines(4) })
}
