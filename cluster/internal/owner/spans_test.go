package owner

import (
	"math/rand/v2"
	"sort"
	"testing"
)

func TestSpans(t *testing.T) {
	for range 200 {
		var s spans
		want := map[uint64]bool{}
		for range 60 {
			n := rand.Uint64N(40)
			s.add(n)
			want[n] = true
		}
		for i := 1; i < len(s); i++ {
			if s[i] <= s[i-1] {
				t.Fatalf("borders do not rise: %v", s)
			}
		}
		for n := range uint64(41) {
			if s.has(n) != want[n] {
				t.Fatalf("%d in %v", n, s)
			}
		}
	}
}

func (s spans) has(n uint64) bool {
	return sort.Search(len(s), func(i int) bool { return s[i] > n })%2 == 1
}
