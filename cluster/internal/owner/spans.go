package owner

import "sort"

// spans is a set of numbers, as borders: from the first to before the second
// they are in it, from there to before the third not, and so on. Numbers that
// come more or less in order cost next to nothing.
type spans []uint64

func (s *spans) add(n uint64) {
	b := *s
	at := sort.Search(len(b), func(i int) bool { return b[i] > n }) // borders at or below n
	if at%2 == 1 {
		return // it is there
	}
	joinsLeft := at > 0 && b[at-1] == n
	joinsRight := at < len(b) && b[at] == n+1
	switch {
	case joinsLeft && joinsRight:
		*s = append(b[:at-1], b[at+1:]...)
	case joinsLeft:
		b[at-1] = n + 1
	case joinsRight:
		b[at] = n
	default:
		b = append(b, 0, 0)
		copy(b[at+2:], b[at:])
		b[at], b[at+1] = n, n+1
		*s = b
	}
}
