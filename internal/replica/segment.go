package replica

import (
	"math/bits"
	"unsafe"

	"parfor.dev/parfor/internal/arena"
)

// segment is the entries of one shard of a table of words, in memory of the
// heap or of an arena.
type segment struct {
	base  unsafe.Pointer
	mask  uint64 // lines - 1
	live  int
	used  int          // slots, live or not
	off   uint64       // in the arena; 0: on the heap
	words []uint64     // keeps memory of the heap
	slab  slabbed      // or of a slab
	slabs *slabs       // which the block goes back to
	from  *arena.Arena // nil: the heap
	refs  int          // views that read it
	old   bool         // no longer the shard's: to be freed with the last view
}

func newSegment(from *arena.Arena, near *slabs, lines int) (*segment, error) {
	s := &segment{mask: uint64(lines - 1), from: from}
	if from == nil {
		if n := lines * lineSize; n >= slabFrom {
			if b, ok := near.take(n); ok {
				s.slab, s.slabs, s.base = b, near, unsafe.Pointer(&b.mem[0])
				return s, nil
			}
		}
		s.words = make([]uint64, lines*lineSize/8)
		s.base = unsafe.Pointer(&s.words[0])
		return s, nil
	}
	var err error
	s.off, s.base, err = allocZero(from, lines*lineSize)
	return s, err
}

// allocZero allocates n zero bytes. Those who still read the block's last user
// see it cleared, and see that their shard has moved.
func allocZero(a *arena.Arena, n int) (uint64, unsafe.Pointer, error) {
	off, zero, err := a.Alloc(n)
	if err != nil {
		return 0, nil, err
	}
	p := a.Pointer(off)
	if !zero {
		for i := 0; i < n; i += 8 {
			storeWord((*uint64)(unsafe.Add(p, i)), 0)
		}
	}
	return off, p, nil
}

func (s *segment) lines() int { return int(s.mask) + 1 }

// full reports whether one more key needs a larger segment. Beyond three
// quarters probes grow long.
func (s *segment) full() bool { return (s.used+1)*4 > s.lines()*slotsPerLine*3 }

// slot returns the slot of a key, or the place for it.
func (s *segment) slot(h, k uint64) (l *line, i int, used bool) {
	for at := h & s.mask; ; at = (at + 1) & s.mask {
		l = lineAt(s.base, at)
		c := l.control
		if at := l.has(c, k); at != 0 {
			return l, int(at >> 1), true
		}
		if c&lastUsed == 0 {
			return l, bits.TrailingZeros64(^c), false
		}
	}
}

// add puts a key that is not there into a segment that has room.
func (s *segment) add(h, k, v uint64) {
	l, i, _ := s.slot(h, k)
	storeWord(&l.slots[i].key, k)
	storeWord(&l.slots[i].value, v)
	storeWord(&l.control, l.control|1<<i|16<<i)
	s.used++
	s.live++
}

// each calls f with the live entries until it returns false.
func (s *segment) each(f func(k, v uint64) bool) bool {
	for at := range s.mask + 1 {
		l := lineAt(s.base, at)
		for i := range l.slots {
			if l.control&(16<<i) != 0 && !f(l.slots[i].key, l.slots[i].value) {
				return false
			}
		}
	}
	return true
}

func (s *segment) free() {
	switch {
	case s.refs > 0:
	case s.from != nil:
		s.from.Free(s.off, s.lines()*lineSize)
	case s.slabs != nil:
		s.slabs.give(s.slab)
	}
}
