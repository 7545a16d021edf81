package dict

import (
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"
)

// shards of a table. Enough that committers seldom meet and that no shard is
// held long while it is copied for a snapshot (10 million entries: 40 thousand
// each), few enough that locking all of them takes microseconds.
const shards = 256

// entry is a committed value and the number of the commit that wrote it.
type entry[V any] struct {
	val V
	at  uint64
}

// shard is 64 bytes, one cache line, so that neighbours don't slow each other.
type shard[K comparable, V any] struct {
	mu   sync.RWMutex
	m    map[K]entry[V]
	pins *atomic.Int32 // views that read m without the lock; nil before the first
	_    [24]byte
}

// table is the committed state of a dictionary at its owner.
type table[K comparable, V any] struct {
	c      *core[K, V]
	seed   maphash.Seed
	shards [shards]shard[K, V]
}

// table returns the current state, made on first use.
func (c *core[K, V]) table() *table[K, V] {
	if t := c.state.Load(); t != nil {
		return t
	}
	t := &table[K, V]{c: c, seed: maphash.MakeSeed()}
	if !c.closed.Load() && !c.state.CompareAndSwap(nil, t) {
		return c.state.Load()
	}
	return t
}

func (t *table[K, V]) shardOf(k K) uint8 {
	return uint8(maphash.Comparable(t.seed, k) >> 32)
}

// get returns the committed value itself, not a copy.
func (t *table[K, V]) get(k K) (v V, ok bool, err error) {
	s := &t.shards[t.shardOf(k)]
	s.mu.RLock()
	e, ok := s.m[k]
	s.mu.RUnlock()
	return e.val, ok, nil
}

// size returns the number of entries at one moment and which of the keys were
// there.
func (t *table[K, V]) size(keys []K) (n int, present []bool, err error) {
	for i := range t.shards {
		t.shards[i].mu.RLock()
	}
	for i := range t.shards {
		n += len(t.shards[i].m)
	}
	if len(keys) > 0 {
		present = make([]bool, len(keys))
		for i, k := range keys {
			_, present[i] = t.shards[t.shardOf(k)].m[k]
		}
	}
	for i := range t.shards {
		t.shards[i].mu.RUnlock()
	}
	return n, present, nil
}

// own makes the map of a locked shard safe to change: a view that still reads it keeps it, and
// the shard goes on with a copy.
func (s *shard[K, V]) own() {
	switch {
	case s.m == nil:
		s.m = map[K]entry[V]{}
	case s.pins != nil && s.pins.Load() > 0:
		s.m, s.pins = maps.Clone(s.m), nil
	}
}

// wipe empties a locked shard.
func (s *shard[K, V]) wipe() { s.m, s.pins = nil, nil }
