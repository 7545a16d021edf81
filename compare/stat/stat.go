// Package stat holds the two statistics that a comparison of running times
// needs: the median with its range, and the Mann–Whitney U test.
//
// Running times have no normal distribution (they have a floor and a long
// tail), which is why nothing here uses means or standard deviations.
package stat

import (
	"math"
	"slices"
)

// Median returns the middle value, the mean of the two middle ones if their
// number is even, and NaN for none. It doesn't change v.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(v))
	m := len(s) / 2
	if len(s)%2 == 1 {
		return s[m]
	}
	return s[m-1] + (s[m]-s[m-1])/2 // the sum could overflow
}

// Range returns the smallest and the largest value, NaN for none.
func Range(v []float64) (lo, hi float64) {
	if len(v) == 0 {
		return math.NaN(), math.NaN()
	}
	return slices.Min(v), slices.Max(v)
}
