package parfor_test

import (
	"context"
	"math"
	"testing"

	"parfor.dev/parfor"
)

// A NaN is a key of its own each time, as in any map.
func TestByKeyNaN(t *testing.T) {
	nan := math.NaN()
	m, err := parfor.ByKey(bg, []float64{1, nan, nan}, func(_ context.Context, k float64) (int, error) { return 7, nil })
	if len(m) != 3 || m[1] != 7 || err != nil {
		t.Errorf("%v, %v", m, err)
	}
	for _, v := range m {
		if v != 7 {
			t.Errorf("%v", m)
		}
	}
}
