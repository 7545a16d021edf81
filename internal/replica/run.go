package replica

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// A run holds the values of 64 neighbouring keys, those that differ in their
// last 6 bits only: a block. Keys of loops are often dense, numbers of items
// from 0 on, and a run then takes 8 bytes a key where a line takes 21 when it is
// full; what is read in order lies in order. Lua's tables and JavaScript's
// arrays have such a part beside their hash part, too.
//
// All keys of a block are in one shard. Its first keys lie in lines; when the
// shard is rebuilt, blocks with enough of them get runs. So the runs of a segment
// are the same as long as it lives, and only their values and live bits change.
type run struct {
	block  uint64
	values *[runKeys]uint64 // nil: no run
	entry  *runEntry        // its own in the segment's directory
	off    uint64           // in the arena
	slab   *slab            // or of a slab; else on the Go heap
}

const (
	runShift = 6
	runKeys  = 1 << runShift
	runSize  = runKeys * 8
	runFrom  = 16 // keys of a block for which a run takes no more memory than lines
	runUntil = 8  // fewer go back into lines
)

// runEntry is a run in the directory of its segment, an open hash table, which
// workers see. Its owner has the same table with addresses: memory of the arena
// may be another's when a late reader comes, and an address must not. Only live
// changes once readers see an entry.
type runEntry struct {
	block uint64 // key >> runShift
	at    uint64 // offset of the run in the arena, 1 on the heap; 0: no entry
	live  uint64 // bit i: key i of the block is there
	_     uint64
}

const runEntrySize = 32

// dirIndex is where the search for a block begins. These bits of a hash are the
// same for the whole block, see hashWord.
func dirIndex(h uint64) uint64 { return h >> 32 }

// findRun looks a block up in a directory that somebody may be writing to; nil
// if it has no run.
func findRun(dir unsafe.Pointer, mask, h, k uint64) *runEntry {
	for n, i := uint64(0), dirIndex(h)&mask; n <= mask; n, i = n+1, (i+1)&mask {
		e := (*runEntry)(unsafe.Add(dir, i*runEntrySize))
		if atomic.LoadUint64(&e.at) == 0 {
			return nil
		}
		if atomic.LoadUint64(&e.block) == k>>runShift {
			return e
		}
	}
	return nil
}

// run returns the run of a key's block, nil for none, and which of it the key
// is.
func (s *segment) run(h, k uint64) (_ *runEntry, value *uint64, bit uint64) {
	mask := uint64(len(s.runs) - 1)
	for n, i := 0, dirIndex(h)&mask; n < len(s.runs); n, i = n+1, (i+1)&mask {
		switch r := &s.runs[i]; {
		case r.values == nil:
			return nil, nil, 0
		case r.block == k>>runShift:
			return r.entry, &r.values[k%runKeys], 1 << (k % runKeys)
		}
	}
	return nil, nil, 0
}

// addRun puts a run into the directory of a segment that nobody sees yet.
func (s *segment) addRun(block, h uint64, r run, live uint64) {
	mask := uint64(len(s.runs) - 1)
	i := dirIndex(h) & mask
	for s.runs[i].values != nil {
		i = (i + 1) & mask
	}
	e := (*runEntry)(unsafe.Add(s.dir, i*runEntrySize))
	storeWord(&e.block, block)
	storeWord(&e.live, live)
	storeWord(&e.at, max(r.off, 1))
	r.block, r.entry = block, e
	s.runs[i] = r
}

// eachRun calls f with the runs until it returns false.
func (s *segment) eachRun(f func(r *run) bool) bool {
	for i := range s.runs {
		if r := &s.runs[i]; r.values != nil && !f(r) {
			return false
		}
	}
	return true
}

// newRun makes an empty run where the segment lies.
func (s *segment) newRun() (r run, err error) {
	switch {
	case s.from != nil:
		var p unsafe.Pointer
		if r.off, p, err = allocZero(s.from, runSize); err != nil {
			return r, err
		}
		r.values = (*[runKeys]uint64)(p)
	default:
		if b, ok := s.slabs.takeRun(); ok {
			r.slab, r.values = b.of, (*[runKeys]uint64)(unsafe.Pointer(&b.mem[0]))
		} else {
			r.values = new([runKeys]uint64)
		}
	}
	return r, nil
}

// freeRun gives back the memory of a run.
func (s *segment) freeRun(r *run) {
	switch {
	case s.from != nil:
		s.from.Free(r.off, runSize)
	case r.slab != nil:
		s.slabs.give(slabbed{unsafe.Slice((*byte)(unsafe.Pointer(r.values)), runSize), r.slab})
	}
}

// copyOf copies a run of another segment.
func (s *segment) copyOf(r *run) (n run, err error) {
	if n, err = s.newRun(); err == nil {
		for i, v := range r.values {
			storeWord(&n.values[i], v)
		}
	}
	return n, err
}

// len is how many entries the run has.
func (r *run) len() int { return bits.OnesCount64(r.entry.live) }

// each calls f with the live entries of a run until it returns false.
func (r *run) each(f func(k, v uint64) bool) bool {
	for live := r.entry.live; live != 0; live &= live - 1 {
		i := uint64(bits.TrailingZeros64(live))
		if !f(r.block<<runShift|i, r.values[i]) {
			return false
		}
	}
	return true
}
