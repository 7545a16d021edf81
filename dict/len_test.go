package dict_test

import (
	"testing"

	"parfor.dev/parfor/dict"
)

// TestD5_LenKnowsWhatComputeTold: the size needs no values, so it must not run
// functions on values it doesn't have.
func TestD5_LenKnowsWhatComputeTold(t *testing.T) {
	d := fresh[string, int](t)
	d.Update(bg, map[string]int{"a": 1, "b": 2, "c": 3})
	c := attempt(nil)
	for _, k := range []string{"a", "b", "new"} {
		dict.Compute(c, d, k, keepOdd, 10)
	}
	d.Merge(c, "c", over, 1)
	// a stays, b goes, new comes.
	wants(t, c, d, map[string]int{"a": 11, "c": 3, "new": 10})
	finish(t, c, true)
	wants(t, bg, d, map[string]int{"a": 11, "c": 3, "new": 10})
}

func keepOdd(old int, ok bool, arg int) (int, bool) { return old + arg, !ok || old%2 == 1 }

// over panics for a value that no key ever had.
func over(old, v int) int { return 9 / old }

var (
	_ = dict.RegisterCompute(keepOdd)
	_ = dict.RegisterMerge(over)
)
