package stat_test

import (
	"fmt"

	"parfor.dev/parfor/compare/stat"
)

// Two ways of doing the same work, five runs each.
func ExampleMannWhitney() {
	before := []float64{1.61, 1.58, 1.64, 1.60, 1.66}
	after := []float64{1.49, 1.52, 1.47, 1.55, 1.50}
	test, err := stat.MannWhitney(before, after)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("the first was slower in %v of 25 pairs, p = %.3f, exact: %v\n", test.U, test.P, test.Exact)
	// Output: the first was slower in 25 of 25 pairs, p = 0.008, exact: true
}

// An outlier moves the mean and not the median.
func ExampleMedian() {
	fmt.Println(stat.Median([]float64{0.40, 0.39, 0.41, 0.38, 9.7}))
	// Output: 0.4
}

func ExampleRange() {
	lo, hi := stat.Range([]float64{0.40, 0.39, 0.41, 0.38, 9.7})
	fmt.Println(lo, "to", hi)
	// Output: 0.38 to 9.7
}
