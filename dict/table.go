package dict

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/replica"
)

// mapShards of a table of cells. Enough that committers seldom meet and that
// no shard is held long while it is copied for a snapshot (10 million entries:
// 40 thousand each), few enough that locking all of them takes microseconds.
const mapShards = 256

// maxShards is the largest number of shards of any table.
const maxShards = max(mapShards, replica.Shards)

// entry is a committed value and the number of the commit that wrote it.
type entry[V any] struct {
	val V
	at  uint64
}

// shard is 128 bytes, two cache lines, so that neighbours don't slow each other.
type shard[K comparable, V any] struct {
	mu   sync.RWMutex
	m    *cells[K, V]
	pins *atomic.Int32 // views that read m without the lock; nil before the first
	at   uint64        // the newest commit that changed the shard
	tally
	_ [128 - 24 - 3*8 - 40]byte
}

// table is the committed state of a dictionary at its owner, in one of two
// forms. Where keys and values fit a word each it is a table of words, which
// readers need not lock and which can lie in memory that worker processes see.
// Else it is cells; worker processes that read it get a copy, kept up to
// date by the commits (share.go).
type table[K comparable, V any] struct {
	c      *core[K, V]
	words  *replica.Words
	seed   maphash.Seed
	shards []shard[K, V]
	serial sync.Mutex // taken before all shards while watched or limited
	watch  watchers[K, V]
	shared shared
	counts counts[K]

	// Of a limited dictionary; guarded by serial.
	entries int
	bytes   int64 // of encoded keys and values
}

// table returns the current state, made on first use.
func (c *core[K, V]) table() *table[K, V] {
	if t := c.state.Load(); t != nil {
		return t
	}
	t := &table[K, V]{c: c}
	if c.word {
		t.words = replica.NewWords()
	} else {
		t.seed, t.shards = maphash.MakeSeed(), make([]shard[K, V], mapShards)
	}
	if !c.closed.Load() && !c.state.CompareAndSwap(nil, t) {
		return c.state.Load()
	}
	return t
}

// hash tells keys apart for those who know nothing of their type.
func (t *table[K, V]) hash(k K) uint64 {
	if t.words != nil {
		return t.words.Hash(toWord(k))
	}
	return maphash.Comparable(t.seed, k)
}

func (t *table[K, V]) len() int {
	if t.words != nil {
		return replica.Shards
	}
	return len(t.shards)
}

// shardOf is where keys of that hash are.
func (t *table[K, V]) shardOf(h uint64) int {
	if t.words != nil {
		return replica.Shard(h)
	}
	return int(h >> 32 % mapShards)
}

func (t *table[K, V]) lock(i int) {
	if t.words != nil {
		t.words.Lock(i)
		return
	}
	t.shards[i].mu.Lock()
}

func (t *table[K, V]) unlock(i int) {
	if t.words != nil {
		t.words.Unlock(i)
		return
	}
	t.shards[i].mu.Unlock()
}

func (t *table[K, V]) lockAll() {
	for i := range t.len() {
		t.lock(i)
	}
}

func (t *table[K, V]) unlockAll() {
	for i := range t.len() {
		t.unlock(i)
	}
}

// get returns the committed value itself, not a copy, and its mark.
func (t *table[K, V]) get(k K) (v V, mark uint64, ok bool, err error) {
	if t.words != nil {
		w, ok := t.words.Get(toWord(k))
		return fromWord[V](w), w, ok, nil
	}
	h := maphash.Comparable(t.seed, k)
	s := &t.shards[t.shardOf(h)]
	s.mu.RLock()
	e, ok := s.m.get(h, k)
	s.mu.RUnlock()
	return e.val, e.at, ok, nil
}

// peek is get in a locked shard.
func (t *table[K, V]) peek(h uint64, k K) (v V, mark uint64, ok bool) {
	if t.words != nil {
		w, ok := t.words.Find(h, toWord(k))
		return fromWord[V](w), w, ok
	}
	e, ok := t.shards[t.shardOf(h)].m.get(h, k)
	return e.val, e.at, ok
}

// put stores a value in a locked shard.
func (t *table[K, V]) put(h uint64, k K, v V, n uint64) {
	if t.words != nil {
		t.words.Mark(replica.Shard(h), n)
		t.words.Put(h, toWord(k), toWord(v))
		return
	}
	s := &t.shards[t.shardOf(h)]
	s.own()
	s.m.put(h, k, entry[V]{v, n})
	s.at = n
	t.copyOut(k, v, n)
}

// drop removes a key from a locked shard.
func (t *table[K, V]) drop(h uint64, k K, n uint64) {
	if t.words != nil {
		t.words.Mark(replica.Shard(h), n)
		t.words.Drop(h, toWord(k))
		return
	}
	s := &t.shards[t.shardOf(h)]
	s.own()
	s.m.drop(h, k)
	s.at = n
	t.copyGone(k)
}

// changed returns the newest commit that changed the table, all of whose
// shards are locked.
func (t *table[K, V]) changed() (n uint64) {
	if t.words != nil {
		for i := range t.len() {
			n = max(n, t.words.Marked(i))
		}
	}
	for i := range t.shards {
		n = max(n, t.shards[i].at)
	}
	return n
}

// count is the number of entries of a locked shard.
func (t *table[K, V]) count(i int) int {
	if t.words != nil {
		return t.words.Count(i)
	}
	return t.shards[i].m.len()
}

// size returns the number of entries at one moment, which of the keys were
// there, and that moment.
func (t *table[K, V]) size(keys []K) (n int, present []bool, at uint64, err error) {
	t.lockAll()
	at = t.changed()
	for i := range t.len() {
		n += t.count(i)
	}
	if len(keys) > 0 {
		present = make([]bool, len(keys))
		for i, k := range keys {
			_, _, present[i] = t.peek(t.hash(k), k)
		}
	}
	t.unlockAll()
	return n, present, at, nil
}

// own makes the cells of a locked shard safe to change: a view that still reads
// it keeps it, and the shard goes on with a copy.
func (s *shard[K, V]) own() {
	switch {
	case s.m == nil:
		s.m = new(cells[K, V])
	case s.pins != nil && s.pins.Load() > 0:
		s.m, s.pins = s.m.clone(), nil
	}
}
