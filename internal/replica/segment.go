package replica

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"parfor.dev/parfor/internal/arena"
)

// segment is the entries of one shard of a table of words, in memory of the
// heap or of an arena.
type segment struct {
	base unsafe.Pointer // of lines, after the directory
	mask uint64         // lines - 1
	dir  unsafe.Pointer // of runs, for workers
	runs []run          // the same: a power of two, or none

	live  int
	used  int          // slots of lines, live or not
	off   uint64       // in the arena; 0: on the heap
	words []uint64     // keeps memory of the heap
	slab  slabbed      // or of a slab
	slabs *slabs       // of the table
	from  *arena.Arena // nil: the heap
	refs  int          // views that read it
	old   bool         // no longer the shard's: to be freed with the last view
	taken bool         // the next segment has its runs, but for those of few keys
}

// newSegment makes an empty segment with a directory of entries, 0 for none.
func newSegment(from *arena.Arena, near *slabs, lines, entries int) (*segment, error) {
	s := &segment{mask: uint64(lines - 1), from: from, slabs: near}
	block, err := s.alloc(lines*lineSize + entries*runEntrySize)
	if err != nil {
		return nil, err
	}
	s.base = block
	if entries > 0 {
		s.dir = block
		s.base = unsafe.Add(block, entries*runEntrySize)
		s.runs = make([]run, entries)
	}
	return s, nil
}

// alloc allocates the memory of the segment, n zero bytes.
func (s *segment) alloc(n int) (p unsafe.Pointer, err error) {
	if s.from != nil {
		s.off, p, err = allocZero(s.from, n)
		return p, err
	}
	if n >= slabFrom {
		if b, ok := s.slabs.take(n); ok {
			s.slab = b
			return unsafe.Pointer(&b.mem[0]), nil
		}
	}
	s.words = make([]uint64, n/8)
	return unsafe.Pointer(&s.words[0]), nil
}

// size is the bytes of the segment's own memory.
func (s *segment) size() int { return s.lines()*lineSize + len(s.runs)*runEntrySize }

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

// get is a lookup while somebody may be writing. What it finds counts only if the
// segment is still the shard's afterwards.
func (s *segment) get(h, k uint64) (v uint64, ok bool) {
	if e, value, bit := s.run(h, k); e != nil {
		if atomic.LoadUint64(&e.live)&bit == 0 {
			return 0, false
		}
		return atomic.LoadUint64(value), true
	}
	return probe(s.base, s.mask, h, k)
}

// inLines is how many entries are in lines.
func (s *segment) inLines() int {
	n := s.live
	s.eachRun(func(r *run) bool { n -= r.len(); return true })
	return n
}

// add puts a key that is not there into the lines of a segment that has room.
// Who adds to live is the caller.
func (s *segment) add(h, k, v uint64) {
	l, i, _ := s.slot(h, k)
	storeWord(&l.slots[i].key, k)
	storeWord(&l.slots[i].value, v)
	storeWord(&l.control, l.control|1<<i|16<<i)
	s.used++
}

// each calls f with the live entries until it returns false.
func (s *segment) each(f func(k, v uint64) bool) bool {
	return s.eachLine(f) && s.eachRun(func(r *run) bool { return r.each(f) })
}

// eachLine is each of those in lines.
func (s *segment) eachLine(f func(k, v uint64) bool) bool {
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

// free gives back the memory of a segment that is no longer the shard's, unless
// somebody still looks at it.
func (s *segment) free() {
	if s.refs > 0 {
		return
	}
	s.eachRun(func(r *run) bool {
		if !s.taken || r.len() < runUntil {
			s.freeRun(r)
		}
		return true
	})
	switch {
	case s.from != nil:
		s.from.Free(s.off, s.size())
	case s.slab.of != nil:
		s.slabs.give(s.slab)
	}
}
