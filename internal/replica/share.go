package replica

import (
	"unsafe"

	"parfor.dev/parfor/internal/arena"
)

// home is where a table lies in shared memory.
type home struct {
	root  *root
	at    uint64
	arena *arena.Arena
}

// arena returns where new segments are to lie, nil for the heap.
func (t *Words) arena() *arena.Arena {
	if at := t.home.Load(); at != nil {
		return at.arena
	}
	return nil
}

// Share moves the table into an arena, shard by shard, and returns where
// readers find it. From then on it is the only store. No shard may be locked by
// the caller.
func (t *Words) Share(a *arena.Arena) (at uint64, err error) {
	t.share.Lock()
	defer t.share.Unlock()
	if at := t.home.Load(); at != nil {
		return at.at, nil
	}
	r, at, err := newRoot(a, kindWords, t.seed)
	if err != nil {
		return 0, err
	}
	t.home.Store(&home{r, at, a})
	for i := range t.shards {
		t.Lock(i)
		if s := t.shards[i].seg.Load(); s != nil && s.from == nil {
			t.rebuild(i)
		} else {
			r.set(i, s)
		}
		t.Unlock(i)
	}
	if t.home.Load() == nil {
		return 0, arena.ErrFull
	}
	return at, nil
}

// leave ends sharing because the arena is full: segments that lie there stay
// until they are rebuilt.
func (t *Words) leave() {
	if at := t.home.Swap(nil); at != nil {
		at.root.end()
	}
}

// Unshare moves the table back to the heap. Readers get [ErrRetired]. No shard
// may be locked by the caller.
func (t *Words) Unshare() {
	t.share.Lock()
	defer t.share.Unlock()
	t.leave()
	for i := range t.shards {
		t.Lock(i)
		if s := t.shards[i].seg.Load(); s != nil && s.from != nil {
			t.rebuild(i)
		}
		t.Unlock(i)
	}
}

// Retire ends the table: readers get [ErrRetired], and it is empty. No shard may
// be locked by the caller.
func (t *Words) Retire() {
	t.share.Lock()
	defer t.share.Unlock()
	t.leave()
	for i := range t.shards {
		t.Lock(i)
		t.Wipe(i)
		t.Unlock(i)
	}
}

// WordsView is a worker's side of a shared table. Its methods may be called
// concurrently.
type WordsView struct {
	v *arena.View
	r *root
	s uint64
}

// OpenWords opens the table that [Words.Share] told of.
func OpenWords(v *arena.View, at uint64) (*WordsView, error) {
	r, err := openRoot(v, at, kindWords)
	if err != nil {
		return nil, err
	}
	return &WordsView{v, r, r.seed}, nil
}

// Get returns the value of a key.
func (w *WordsView) Get(k uint64) (v uint64, ok bool, err error) {
	h := hashWord(w.s, k)
	d := &w.r.dir[h>>shardShift]
	for {
		word := loadWord(d)
		v, ok = w.look(word, h, k)
		if w.r.live.Load() == 0 {
			return 0, false, ErrRetired
		}
		if loadWord(d) == word {
			return v, ok, nil
		}
	}
}

// look looks a key up in the segment that a word of the directory means.
func (w *WordsView) look(word, h, k uint64) (v uint64, ok bool) {
	base, lines, entries := segmentOf(w.v, word)
	if base == nil {
		return 0, false
	}
	if entries > 0 {
		if e := findRun(base, entries-1, h, k); e != nil {
			at := w.v.At(loadWord(&e.at)&^(lineSize-1), runSize)
			if at == nil || loadWord(&e.live)>>(k%runKeys)&1 == 0 {
				return 0, false
			}
			return loadWord((*uint64)(unsafe.Add(at, k%runKeys*8))), true
		}
		base = unsafe.Add(base, entries*runEntrySize)
	}
	return probe(base, lines-1, h, k)
}
