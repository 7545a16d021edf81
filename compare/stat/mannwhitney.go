package stat

import (
	"errors"
	"math"
	"slices"
)

// ErrSamples means that a test was asked about an empty sample, or one that
// holds NaN.
var ErrSamples = errors.New("stat: a rank test needs at least one number on both sides, and no NaN")

// exactLimit is the number of values up to which the distribution is counted
// out. The count costs O(n⁴) additions: 60 values are a few milliseconds,
// and by then the normal approximation is good to three digits.
const exactLimit = 60

// Test is the outcome of [MannWhitney].
type Test struct {
	U     float64 // pairs in which the first sample is larger; ties count a half
	P     float64 // two-sided
	Exact bool    // counted out, not approximated
}

// MannWhitney tests whether two samples come from the same distribution,
// against either being shifted. It compares every pair, so it needs no
// assumption about shapes. Ties are handled exactly: their shared ranks are
// what is permuted.
//
// Source: Mann and Whitney, "On a Test of Whether one of Two Random Variables
// is Stochastically Larger than the Other", Annals of Mathematical Statistics
// 18 (1947); the count with ties is the permutation distribution of rank sums
// (Lehmann, "Nonparametrics", 1975, ch. 1). The two-sided p is twice the
// smaller tail.
func MannWhitney(a, b []float64) (Test, error) {
	if len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, math.IsNaN) || slices.ContainsFunc(b, math.IsNaN) {
		return Test{}, ErrSamples
	}
	ranks, rankSum, tieTerm := doubledRanks(a, b)
	n1, n2 := len(a), len(b)
	u := (float64(rankSum) - float64(n1*(n1+1))) / 2
	if n1+n2 > exactLimit {
		return Test{U: u, P: normalP(u, n1, n2, tieTerm)}, nil
	}
	return Test{U: u, P: exactP(ranks, n1, rankSum), Exact: true}, nil
}

// doubledRanks ranks all values together. Tied values share their mean rank,
// which may end in a half: hence twice the rank, an integer. It returns the
// doubled ranks, their sum over a, and Σ(t³−t) over the groups of ties.
func doubledRanks(a, b []float64) (ranks []int, sumA int, tieTerm float64) {
	type value struct {
		v     float64
		fromA bool
	}
	all := make([]value, 0, len(a)+len(b))
	for _, v := range a {
		all = append(all, value{v, true})
	}
	for _, v := range b {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(x, y value) int {
		switch {
		case x.v < y.v:
			return -1
		case x.v > y.v:
			return 1
		}
		return 0
	})
	ranks = make([]int, len(all))
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		for k := i; k < j; k++ {
			ranks[k] = i + 1 + j // twice the mean of ranks i+1 … j
			if all[k].fromA {
				sumA += ranks[k]
			}
		}
		t := float64(j - i)
		tieTerm += t*t*t - t
		i = j
	}
	return ranks, sumA, tieTerm
}

// exactP counts, over every choice of n of the ranks, how many rank sums are
// at most, and how many at least, the observed one.
func exactP(ranks []int, n, observed int) float64 {
	total := 0
	for _, r := range ranks {
		total += r
	}
	// ways[k][s]: choices of k ranks with sum s. float64 holds C(60, 30) ≈ 1e17
	// with a relative error far below what p is printed with.
	ways := make([][]float64, n+1)
	for k := range ways {
		ways[k] = make([]float64, total+1)
	}
	ways[0][0] = 1
	for i, r := range ranks {
		for k := min(i+1, n); k >= 1; k-- {
			for s := total; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	var all, low, high float64
	for s, c := range ways[n] {
		all += c
		if s <= observed {
			low += c
		}
		if s >= observed {
			high += c
		}
	}
	return min(1, 2*min(low, high)/all)
}

// normalP is the approximation with continuity and tie correction.
func normalP(u float64, n1, n2 int, tieTerm float64) float64 {
	a, b := float64(n1), float64(n2)
	n := a + b
	variance := a * b / 12 * (n + 1 - tieTerm/(n*(n-1)))
	if variance <= 0 {
		return 1 // every value is the same
	}
	z := max(0, math.Abs(u-a*b/2)-0.5) / math.Sqrt(variance)
	return math.Erfc(z / math.Sqrt2)
}
