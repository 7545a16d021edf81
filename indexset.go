package parfor

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
