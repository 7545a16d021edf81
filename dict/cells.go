package dict

import "slices"

// cells is a hash table from keys to committed values, one shard of a table
// whose types don't fit words. Entries lie one after the other in the order in
// which they came, and an open index of their hashes and places says where, as in
// the dictionaries of CPython 3.6 and PyPy. Against a Go map it is told the hash,
// which the commit knows already, grows by copying the index alone, and is copied
// as memory when somebody wants to look at it as it is.
//
// A nil *cells is empty and can be read.
type cells[K comparable, V any] struct {
	index  []uint64 // hash (32 bits) | place + 1 (32 bits); 0: free
	chunks [][]cell[K, V]
	used   int // cells, those of deleted keys included
	live   int
}

// cell is an entry; at is 0, the number of no commit, once it is deleted.
type cell[K comparable, V any] struct {
	key K
	entry[V]
}

const (
	chunkBits  = 7 // cells of a chunk, as a logarithm; the first one grows up to that
	firstIndex = 8
)

// len is the number of entries.
func (m *cells[K, V]) len() int {
	if m == nil {
		return 0
	}
	return m.live
}

// find returns the cell of a key, nil if there is none.
func (m *cells[K, V]) find(h uint64, k K) *cell[K, V] {
	if m.len() == 0 {
		return nil
	}
	mask := uint64(len(m.index) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		x := m.index[i]
		if x == 0 {
			return nil
		}
		if uint32(x>>32) == uint32(h) {
			if c := m.cell(uint32(x) - 1); c.at != 0 && c.key == k {
				return c
			}
		}
	}
}

func (m *cells[K, V]) cell(place uint32) *cell[K, V] {
	return &m.chunks[place>>chunkBits][place&(1<<chunkBits-1)]
}

// get returns the entry of a key.
func (m *cells[K, V]) get(h uint64, k K) (e entry[V], ok bool) {
	if c := m.find(h, k); c != nil {
		return c.entry, true
	}
	return e, false
}

// put stores an entry.
func (m *cells[K, V]) put(h uint64, k K, e entry[V]) {
	if c := m.find(h, k); c != nil {
		c.entry = e
		return
	}
	if (m.used+1)*4 > len(m.index)*3 {
		m.grow()
	}
	if m.used>>chunkBits == len(m.chunks) {
		var first []cell[K, V]
		if len(m.chunks) > 0 {
			first = make([]cell[K, V], 0, 1<<chunkBits)
		}
		m.chunks = append(m.chunks, first)
	}
	last := &m.chunks[len(m.chunks)-1]
	*last = append(*last, cell[K, V]{k, e})
	m.used++
	m.live++
	m.enter(h<<32 | uint64(m.used))
}

// enter puts a word into the index, where there is room.
func (m *cells[K, V]) enter(x uint64) {
	mask := uint64(len(m.index) - 1)
	i := x >> 32 & mask
	for m.index[i] != 0 {
		i = (i + 1) & mask
	}
	m.index[i] = x
}

// drop deletes a key. Its place stays in the index until that grows.
func (m *cells[K, V]) drop(h uint64, k K) {
	if c := m.find(h, k); c != nil {
		*c = cell[K, V]{}
		m.live--
	}
}

// grow doubles the index, or, where most cells are of deleted keys, moves the
// others together.
func (m *cells[K, V]) grow() {
	old := m.index
	if m.live*2 < m.used {
		was := *m
		*m = cells[K, V]{index: make([]uint64, max(firstIndex, len(old)))}
		for _, x := range old {
			if x == 0 {
				continue
			}
			if c := was.cell(uint32(x) - 1); c.at != 0 {
				m.put(x>>32, c.key, c.entry)
			}
		}
		return
	}
	m.index = make([]uint64, max(firstIndex, 2*len(old)))
	for _, x := range old {
		if x != 0 {
			m.enter(x)
		}
	}
}

// all calls f with the entries until it returns false.
func (m *cells[K, V]) all(f func(k K, v V, at uint64) bool) bool {
	if m == nil {
		return true
	}
	for _, chunk := range m.chunks {
		for i := range chunk {
			if c := &chunk[i]; c.at != 0 && !f(c.key, c.val, c.at) {
				return false
			}
		}
	}
	return true
}

// clone copies the table; values as assignment does.
func (m *cells[K, V]) clone() *cells[K, V] {
	n := &cells[K, V]{index: slices.Clone(m.index), chunks: slices.Clone(m.chunks), used: m.used, live: m.live}
	for i, c := range n.chunks {
		n.chunks[i] = append(make([]cell[K, V], 0, cap(c)), c...)
	}
	return n
}
