package compare

import (
	"fmt"
	"maps"
	"slices"

	"parfor.dev/parfor/compare/mockapi"
	"parfor.dev/parfor/compare/report"
)

// rule says what the task of a number must find out; nil where nobody knows.
type rule func(number int) int

// ruleFor derives the answers apart from the bodies: primes from a sieve, and
// statuses from the API's rule for the first request of a number.
func ruleFor(b Body, api mockapi.Config, known bool) rule {
	switch b.Kind {
	case Command:
		return nil
	case Sleep:
		return func(n int) int { return n }
	case Alloc:
		return func(n int) int { return n + b.Bytes/leafBytes }
	case CPU:
		counts := sieve(b.Limit)
		return func(n int) int { return counts[n%primeChunks] }
	}
	if !known {
		return nil
	}
	return func(n int) int { return api.Verdict(int64(n), 1).Status }
}

// sieve counts the primes below limit in each chunk (Eratosthenes).
func sieve(limit int) (counts [primeChunks]int) {
	composite := make([]bool, max(limit, 2))
	for n := 2; n < limit; n++ {
		if composite[n] {
			continue
		}
		counts[n%primeChunks]++
		for m := n * n; m < limit; m += n {
			composite[m] = true
		}
	}
	return counts
}

// compareWith finds the first thing wrong with a dictionary of the numbers
// below n, or nothing. Lost is how many numbers may be missing.
func (r rule) compareWith(got map[int]int, n, lost int) error {
	if len(got) != n-lost {
		return fmt.Errorf("%d keys instead of %d", len(got), n-lost)
	}
	for k, v := range got {
		if k < 0 || k >= n {
			return fmt.Errorf("key %d is none of the %d numbers", k, n)
		}
		if r != nil && v != r(k) {
			return fmt.Errorf("number %d -> %d instead of %d", k, v, r(k))
		}
	}
	return nil
}

// countStatuses sums a dictionary up, the most frequent first.
func countStatuses(d map[int]int) []report.StatusCount {
	counts := map[int]int{}
	for _, v := range d {
		counts[v]++
	}
	var sum []report.StatusCount
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		sum = append(sum, report.StatusCount{Status: status, Count: counts[status]})
	}
	slices.SortStableFunc(sum, func(a, b report.StatusCount) int { return b.Count - a.Count })
	return sum
}
