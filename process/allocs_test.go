package process_test

import (
	"runtime"
	"testing"

	"parfor.dev/parfor"
)

// The way of a task through the pool, there and back, costs no allocation: what
// is left is the loop's own, and that of batches.
func TestATaskCostsNoAllocation(t *testing.T) {
	p := pool(t, 2)
	const n = 200_000
	items := upTo(n)
	measure := func() float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := parfor.Map(t.Context(), items, double, parfor.On(p)); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / n
	}
	measure() // the first loop makes what later ones use again
	if each := measure(); each > 0.1 {
		t.Errorf("%.2f allocations a task", each)
	}
}
