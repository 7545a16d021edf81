package replica

import (
	"runtime"
	"sync"
	"unsafe"
)

// slabs are where the larger segments of a table on the heap lie: mappings of
// the table's own, of huge pages where the machine has them. The first touch of
// an ordinary page costs some 11 microseconds on a virtual machine, that of a
// huge one a fiftieth for the same memory.
type slabs struct {
	mu   sync.Mutex
	now  *slab
	left []byte            // of now, not given out
	free map[int][]slabbed // blocks that were given back, by their size
	runs int               // ever taken
}

// slab is a mapping. It ends when nobody refers to it any more.
type slab struct{ mem []byte }

// slabbed is a block of a slab.
type slabbed struct {
	mem []byte
	of  *slab
}

const (
	slabFrom = 4 << 10   // bytes of the smallest segment: below, a dictionary is small
	slabRuns = 256 << 10 // bytes of runs from which on they come from slabs
	slabSize = 4 << 20
	hugePage = 2 << 20
	slabKeep = 16 // blocks of one size that are kept to be used again
)

// takeRun returns the memory of a run; none while the table is small.
func (s *slabs) takeRun() (slabbed, bool) {
	s.mu.Lock()
	s.runs++
	small := s.runs*runSize < slabRuns
	s.mu.Unlock()
	if small {
		return slabbed{}, false
	}
	return s.take(runSize)
}

// take returns a block of n zero bytes, a multiple of 32; none where the system
// maps no memory.
func (s *slabs) take(n int) (b slabbed, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.free[n]; len(f) > 0 {
		b = f[len(f)-1]
		s.free[n] = f[:len(f)-1]
		for i := 0; i < n; i += 8 { // a late reader may still look at it, and sees that its shard has moved
			storeWord((*uint64)(unsafe.Pointer(&b.mem[i])), 0)
		}
		return b, true
	}
	if len(s.left) < n {
		mem := mapPages(max(slabSize, (n+hugePage-1)/hugePage*hugePage))
		if mem == nil {
			return b, false
		}
		s.now, s.left = &slab{mem}, mem
		runtime.AddCleanup(s.now, unmapPages, mem)
	}
	b = slabbed{s.left[:n:n], s.now}
	s.left = s.left[n:]
	return b, true
}

// give gives a block back.
func (s *slabs) give(b slabbed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free == nil {
		s.free = map[int][]slabbed{}
	}
	if f := s.free[len(b.mem)]; len(f) < slabKeep {
		s.free[len(b.mem)] = append(f, b)
	}
}
