package shm

// keptMost bounds the memory that free areas of a region keep.
const keptMost = 128 << 20

// kept is the memory of areas that no payload lies in. To have new pages made,
// and cleared, takes longer than to write to them, so those of a payload are left
// to the next one that comes soon. One side alone frees areas: no lock.
type kept struct {
	size  map[int]uint64 // by area
	total uint64
}

// keep keeps an area's n bytes, or returns how many to give back.
func (k *kept) keep(area int, n uint64) (giveBack uint64) {
	had := k.size[area]
	n = max(n, had)
	if k.total-had+n > keptMost {
		delete(k.size, area)
		k.total -= had
		return n
	}
	if k.size == nil {
		k.size = map[int]uint64{}
	}
	k.size[area] = n
	k.total += n - had
	return 0
}

// Keeps reports whether free areas keep memory.
func (m *Memory) Keeps() bool { return m.region != nil && m.region.kept.total > 0 }

// FreeKept gives that memory back to the machine. The pool calls it when a worker
// has had nothing to do for a while.
func (m *Memory) FreeKept() {
	if m.region != nil {
		m.region.freeKept()
	}
}
