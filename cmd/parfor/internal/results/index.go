package results

import (
	"hash/maphash"
	"math/bits"
	"slices"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// place is what is known of a key: a state, and an offset into the journal or a
// number in the input. 0 is nothing.
type place uint64

const (
	stateBits       = 3
	stored    place = 1 // to 4: its last record is at this offset, and has this status
	storedOK  place = 1
	planned   place = 5 // it is to run, as this number of the input
	skipped   place = 6 // it is this number of the input, and was done before
)

func at(state place, n uint64) place { return place(n)<<stateBits | state }

func (p place) state() place { return p & (1<<stateBits - 1) }
func (p place) n() uint64    { return uint64(p) >> stateBits }

// stored tells whether this run has not met the key yet.
func (p place) stored() bool { return p != 0 && p.state() < planned }

// statuses are those of stored, storedOK first. What has none of them failed.
var statuses = []record.Status{record.OK, record.Failed, record.Timeout, record.Canceled}

func (p place) status() record.Status { return statuses[p.state()-stored] }

func storedAs(s record.Status) place {
	if i := slices.Index(statuses, s); i >= 0 {
		return stored + place(i)
	}
	return stored + 1
}

// index maps keys to places. It holds no keys but 64 bits of a seeded hash of
// each: 20 to 25 bytes per key, whatever its length. That two of ten million
// keys share a hash happens in one run of 370,000: if so they count as
// duplicates, and another run, with another seed, tells them apart.
type index struct {
	seed   maphash.Seed
	shards [256]shard
	len    int
}

// shard is an open table. There are many so that one at a time needs room to
// grow; a quarter at a time, so that not half of it is empty.
type shard struct {
	slots []slot
	used  int
}

type slot struct {
	hash  uint64
	place place // 0: empty
}

func newIndex() *index { return &index{seed: maphash.MakeSeed()} }

// find returns the slot of a hash, or the empty one where it belongs.
func (s *shard) find(hash uint64) *slot {
	if len(s.slots) == 0 {
		return nil
	}
	hi, _ := bits.Mul64(hash<<8, uint64(len(s.slots)))
	for i := int(hi); ; i++ {
		if i == len(s.slots) {
			i = 0
		}
		if p := &s.slots[i]; p.place == 0 || p.hash == hash {
			return p
		}
	}
}

func (x *index) get(hash uint64) place {
	if p := x.shards[hash>>56].find(hash); p != nil {
		return p.place
	}
	return 0
}

func (x *index) set(hash uint64, to place) {
	s := &x.shards[hash>>56]
	p := s.find(hash)
	if p == nil || p.place == 0 {
		if s.used >= len(s.slots)/5*4 {
			s.grow()
			p = s.find(hash)
		}
		s.used++
		x.len++
	}
	*p = slot{hash, to}
}

func (s *shard) grow() {
	old := s.slots
	s.slots = make([]slot, (len(old)+len(old)/4+10)/5*5)
	for _, was := range old {
		if was.place != 0 {
			*s.find(was.hash) = was
		}
	}
}

// key is the hash of a key.
func (x *index) key(key []byte) uint64 { return maphash.Bytes(x.seed, key) }

// task is the hash of a key with a task, for DuplicateLast.
func (x *index) task(key []byte, task string) uint64 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	_, _ = h.Write(key)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(task)
	return h.Sum64()
}
