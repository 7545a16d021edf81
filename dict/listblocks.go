package dict

import (
	"iter"
	"math/bits"
)

// blocks are the committed elements of a list. What is there never moves and
// never changes, so a copy of this struct is a snapshot: who appends writes
// behind its end. Blocks double in size up to the largest, so that short lists
// are small and nothing large is ever copied.
type blocks[T any] struct {
	dirs [][]T // each at its full length
	n    int   // elements in use
}

const (
	firstBlock = 16
	doublings  = 8
	lastBlock  = firstBlock << doublings         // 4096
	doubled    = firstBlock * (1<<doublings - 1) // elements in the blocks before the first of that size
)

// place returns the block of an element and where it is in there.
func place(i int) (block, at int) {
	if i >= doubled {
		return doublings + (i-doubled)/lastBlock, (i - doubled) % lastBlock
	}
	block = bits.Len(uint(i/firstBlock+1)) - 1
	return block, i - firstBlock*(1<<block-1)
}

func (b *blocks[T]) append(vs []T) {
	for len(vs) > 0 {
		block, at := place(b.n)
		if block == len(b.dirs) {
			b.dirs = append(b.dirs, make([]T, firstBlock<<min(block, doublings)))
		}
		n := copy(b.dirs[block][at:], vs)
		vs = vs[n:]
		b.n += n
	}
}

func (b *blocks[T]) at(i int) T {
	block, at := place(i)
	return b.dirs[block][at]
}

// runs returns the elements in order, some at a time.
func (b *blocks[T]) runs() iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		left := b.n
		for _, d := range b.dirs {
			d = d[:min(left, len(d))]
			if left -= len(d); len(d) == 0 || !yield(d) {
				return
			}
		}
	}
}
