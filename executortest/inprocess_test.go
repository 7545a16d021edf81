package executortest_test

import (
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/executortest"
	"parfor.dev/parfor/internal/task"
)

func sequential(*testing.T, int) parfor.Executor         { return parfor.Sequential() }
func goroutines(_ *testing.T, slots int) parfor.Executor { return parfor.Goroutines(slots) }

func TestSequential(t *testing.T) { executortest.Run(t, executortest.Sequential, sequential) }

func TestGoroutines(t *testing.T) { executortest.Run(t, executortest.Goroutines, goroutines) }

// Programs without dictionaries and PerSlot variables save a context per item.
// The suite has such a variable; without it the loops must do the same.
func TestSharedContexts(t *testing.T) {
	defer func(old bool) { task.NeedIdentity = old }(task.NeedIdentity)
	task.NeedIdentity = false
	t.Run("sequential", func(t *testing.T) { executortest.RunEdges(t, executortest.Sequential, sequential) })
	t.Run("goroutines", func(t *testing.T) { executortest.RunEdges(t, executortest.Goroutines, goroutines) })
	t.Run("groups", func(t *testing.T) { executortest.RunGroups(t, executortest.Goroutines, goroutines) })
}
