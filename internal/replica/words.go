// Package replica has the tables of dictionaries that worker processes can
// read: [Words] for keys and values of 8 bytes, the dictionary's only store
// wherever it lies, and [Records] for all others, a copy beside the owner's.
//
// Readers take no lock and wait for nobody; a writer that stops half way, or for
// a minute, changes nothing for them. Slots never move and a key is published
// last; a shard is doubled aside, then one word of the directory swings. The
// rejected alternative, a sequence lock per bucket, tore reads and stalled
// readers for up to a tenth of a second when the writer was stopped.
package replica

import (
	"sync"
	"sync/atomic"
)

// Words is a table of 8-byte keys and values. Get may be called by anybody, the
// other methods by who has locked the shard.
type Words struct {
	seed   uint64
	shards [Shards]wordShard

	slabs slabs                // of segments on the heap
	share sync.Mutex           // one Share or Unshare at a time
	home  atomic.Pointer[home] // in shared memory; nil: on the heap
}

// wordShard is 64 bytes, one cache line, so that neighbours don't slow each
// other.
type wordShard struct {
	mu   sync.Mutex
	seg  atomic.Pointer[segment]
	mark uint64
	Tally
}

// Tally counts what is done to a shard, for its owner's use; it is guarded by
// the shard's lock.
type Tally struct{ Commits, Sets, Deletes, Adds, Others uint64 }

// NewWords makes an empty table on the heap.
func NewWords() *Words { return &Words{seed: seed()} }

// Hash returns the hash of a key, which the other methods want.
func (t *Words) Hash(k uint64) uint64 { return hashWord(t.seed, k) }

// Shard returns which shard a key of that hash belongs to.
func Shard(h uint64) int { return int(h >> shardShift) }

// Mark notes a number with a locked shard, for its owner's use.
func (t *Words) Mark(shard int, n uint64) { t.shards[shard].mark = n }

// Marked returns the number.
func (t *Words) Marked(shard int) uint64 { return t.shards[shard].mark }

// Tally returns the counters of a locked shard.
func (t *Words) Tally(shard int) *Tally { return &t.shards[shard].Tally }

// Lock locks a shard.
func (t *Words) Lock(shard int) { t.shards[shard].mu.Lock() }

// Unlock unlocks a shard.
func (t *Words) Unlock(shard int) { t.shards[shard].mu.Unlock() }

// Get returns the value of a key.
func (t *Words) Get(k uint64) (v uint64, ok bool) {
	h := t.Hash(k)
	d := &t.shards[h>>shardShift]
	for {
		s := d.seg.Load()
		if s == nil {
			return 0, false
		}
		if v, ok = s.get(h, k); d.seg.Load() == s {
			return v, ok
		}
	}
}

// Find is Get in a locked shard.
func (t *Words) Find(h, k uint64) (v uint64, ok bool) {
	s := t.shards[Shard(h)].seg.Load()
	if s == nil {
		return 0, false
	}
	return s.get(h, k)
}

// Near fetches what holds a key in a locked shard from memory. Who is about to
// look up many keys calls it for all of them first: it then comes side by side,
// where one look-up after the other would wait for each. What it returns is to
// be used for something, so that the fetch isn't left out.
func (t *Words) Near(h, k uint64) uint64 {
	s := t.shards[Shard(h)].seg.Load()
	if s == nil {
		return 0
	}
	if e, value, _ := s.run(h, k); e != nil {
		return *value
	}
	return lineAt(s.base, h&s.mask).control
}

// Count is the number of entries of a locked shard.
func (t *Words) Count(shard int) int {
	if s := t.shards[shard].seg.Load(); s != nil {
		return s.live
	}
	return 0
}

// Put stores a value in a locked shard. It never fails: when shared memory is
// full the table goes back to the heap, and workers have to ask.
func (t *Words) Put(h, k, v uint64) { t.change(h, k, v, 0, 0) }

// Add adds to a value in a locked shard, of which the bits in mask count; an
// absent one is zero. It looks for the key once.
func (t *Words) Add(h, k, delta, mask uint64) { t.change(h, k, delta, ^uint64(0), mask) }

// change stores v, or, where keep is all ones, the masked sum of v and what is
// there.
func (t *Words) change(h, k, v, keep, mask uint64) {
	s := t.own(Shard(h))
	for s == nil || !s.change(h, k, v, keep, mask) {
		s = t.rebuild(Shard(h))
	}
}

// change is that of [Words], false if there is no room.
func (s *segment) change(h, k, v, keep, mask uint64) bool {
	if e, value, bit := s.run(h, k); e != nil {
		if e.live&bit != 0 {
			if keep != 0 {
				v = (*value + v) & mask
			}
			storeWord(value, v)
			return true
		}
		storeWord(value, v)
		storeWord(&e.live, e.live|bit)
		s.live++
		return true
	}
	l, i, used := s.slot(h, k)
	switch {
	case used && l.control&(16<<i) != 0:
		if keep != 0 {
			v = (l.slots[i].value + v) & mask
		}
		storeWord(&l.slots[i].value, v)
		return true
	case used:
		storeWord(&l.slots[i].value, v)
		storeWord(&l.control, l.control|16<<i)
	case s.full():
		return false
	default:
		storeWord(&l.slots[i].key, k)
		storeWord(&l.slots[i].value, v)
		storeWord(&l.control, l.control|1<<i|16<<i)
		s.used++
	}
	s.live++
	return true
}

// Drop removes a key from a locked shard.
func (t *Words) Drop(h, k uint64) {
	s := t.own(Shard(h))
	if s == nil {
		return
	}
	if e, _, bit := s.run(h, k); e != nil {
		if e.live&bit != 0 {
			storeWord(&e.live, e.live&^bit)
			s.live--
		}
		return
	}
	if l, i, used := s.slot(h, k); used && l.control&(16<<i) != 0 {
		storeWord(&l.control, l.control&^(16<<i))
		s.live--
	}
}

// Wipe empties a locked shard.
func (t *Words) Wipe(shard int) {
	if t.shards[shard].seg.Load() != nil {
		t.swing(shard, nil)
	}
}

// Keep removes the keys of a locked shard for which f is false.
func (t *Words) Keep(shard int, f func(k uint64) bool) {
	s := t.own(shard)
	if s == nil {
		return
	}
	var gone []uint64
	s.each(func(k, _ uint64) bool {
		if !f(k) {
			gone = append(gone, k)
		}
		return true
	})
	for _, k := range gone {
		t.Drop(t.Hash(k), k)
	}
}

// own returns the segment of a locked shard, safe to change: views keep theirs
// and the shard goes on with a copy.
func (t *Words) own(shard int) *segment {
	s := t.shards[shard].seg.Load()
	if s == nil || s.refs == 0 {
		return s
	}
	return t.rebuild(shard)
}

// swing makes n, nil for none, the segment of a locked shard.
func (t *Words) swing(shard int, n *segment) {
	d := &t.shards[shard]
	s := d.seg.Load()
	d.seg.Store(n)
	if at := t.home.Load(); at != nil {
		at.root.set(shard, n)
	}
	if s != nil {
		s.old = true
		s.free()
	}
}
