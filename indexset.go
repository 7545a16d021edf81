package parfor

import (
	"maps"
	"math/bits"
	"slices"
)

// indexSet is a set of item numbers that costs nothing while empty and a bit
// for each number in the pages it touches.
type indexSet map[int]*indexPage

type indexPage [64]uint64

func (s *indexSet) add(i int) {
	if *s == nil {
		*s = indexSet{}
	}
	page := (*s)[i>>12]
	if page == nil {
		page = new(indexPage)
		(*s)[i>>12] = page
	}
	page[i>>6&63] |= 1 << (i & 63)
}

func (s indexSet) has(i int) bool {
	page := s[i>>12]
	return page != nil && page[i>>6&63]&(1<<(i&63)) != 0
}

// each yields the numbers in ascending order.
func (s indexSet) each(yield func(int) bool) {
	for _, at := range slices.Sorted(maps.Keys(s)) {
		for w, word := range s[at] {
			for ; word != 0; word &= word - 1 {
				if !yield(at<<12 | w<<6 | bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}
