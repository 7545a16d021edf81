package replica

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"unsafe"

	"parfor.dev/parfor/internal/arena"
)

// Records is a table of byte keys and values in shared memory. A slot is one
// word: 16 bits of the key's hash and the offset of a record. Its methods may
// be called concurrently.
type Records struct {
	a      *arena.Arena
	root   *root
	at     uint64
	shards [Shards]recordShard
	ended  atomic.Bool
}

type recordShard struct {
	mu sync.Mutex
	slots
	_ [24]byte
}

// slots are those of a shard.
type slots struct {
	off  uint64 // 0 for none
	mask uint64 // their number - 1
	live int
	used int // live ones and those whose key is gone
}

const (
	tagShift = 48
	offMask  = 1<<tagShift - 1
	gone     = 1 // a slot whose key is gone: any key may have it
)

// NewRecords makes an empty table.
func NewRecords(a *arena.Arena) (*Records, error) {
	r, at, err := newRoot(a, kindRecords, seed())
	if err != nil {
		return nil, err
	}
	return &Records{a: a, root: r, at: at}, nil
}

// Root is where readers find the table.
func (t *Records) Root() uint64 { return t.at }

func tagOf(h uint64) uint64 { return h & 0xffff << tagShift }

// placeOf is where probing begins; the bits above are the shard's, those below
// the tag's.
func placeOf(h uint64) uint64 { return h >> 16 }

func (t *Records) slot(d *slots, i uint64) *uint64 {
	return (*uint64)(unsafe.Add(t.a.Pointer(d.off), i*8))
}

// find returns the slot of a key, or the one it can have.
func (t *Records) find(d *slots, h uint64, key []byte) (at *uint64, found bool) {
	for i := placeOf(h) & d.mask; ; i = (i + 1) & d.mask {
		p := t.slot(d, i)
		switch w := *p; {
		case w == 0:
			if at == nil {
				at = p
			}
			return at, false
		case w == gone:
			if at == nil {
				at = p
			}
		case w&^offMask == tagOf(h):
			r := t.a.Pointer(w & offMask)
			if k, _ := lengthsAt(r); k == uint64(len(key)) && sameKey(r, key) {
				return p, true
			}
		}
	}
}

// Put stores an entry. The error is that there is no room.
func (t *Records) Put(key, val []byte, commit uint64) error {
	if uint64(len(key)) > math.MaxInt32 || uint64(len(val)) > math.MaxInt32 {
		return fmt.Errorf("%w for an entry of %d bytes", arena.ErrFull, len(key)+len(val))
	}
	h := hashBytes(t.root.seed, key)
	d := &t.shards[h>>shardShift]
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.ended.Load() {
		return ErrRetired
	}
	if (d.used+1)*4 > int(d.mask+1)*3 || d.off == 0 {
		if err := t.grow(d, int(h>>shardShift)); err != nil {
			return err
		}
	}
	off, _, err := t.a.Alloc(recordSize(key, val))
	if err != nil {
		return err
	}
	writeRecord(t.a.Pointer(off), key, val, commit)
	p, found := t.find(&d.slots, h, key)
	old := *p
	storeWord(p, tagOf(h)|off)
	switch {
	case found:
		t.release(old)
	case old == 0:
		d.used++
		fallthrough
	default:
		d.live++
	}
	return nil
}

func (t *Records) release(w uint64) {
	off := w & offMask
	k, v := lengthsAt(t.a.Pointer(off))
	t.a.Free(off, recordHead+int(k+v+7)/8*8)
}

// grow makes room in a locked shard: aside, then it swings.
func (t *Records) grow(d *recordShard, shard int) error {
	size := uint64(8)
	if d.off != 0 {
		if size = d.mask + 1; d.live*2 >= d.used {
			size *= 2
		}
	}
	off, _, err := allocZero(t.a, int(size)*8)
	if err != nil {
		return err
	}
	n := slots{off: off, mask: size - 1}
	if d.off != 0 {
		for i := range d.mask + 1 {
			w := *t.slot(&d.slots, i)
			if w == 0 || w == gone {
				continue
			}
			r := t.a.Pointer(w & offMask)
			k, _ := lengthsAt(r)
			var buf [256]byte
			h := hashBytes(t.root.seed, copyBytes(buf[:0], r, 0, k))
			at := placeOf(h) & n.mask
			for *t.slot(&n, at) != 0 {
				at = (at + 1) & n.mask
			}
			storeWord(t.slot(&n, at), w)
			n.live++
		}
	}
	n.used = n.live
	was := d.slots
	d.slots = n
	t.root.point(shard, d.off, int(size)/8, 0)
	if was.off != 0 {
		t.a.Free(was.off, int(was.mask+1)*8)
	}
	return nil
}

// Drop removes a key.
func (t *Records) Drop(key []byte) {
	h := hashBytes(t.root.seed, key)
	d := &t.shards[h>>shardShift]
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off == 0 {
		return
	}
	if p, found := t.find(&d.slots, h, key); found {
		old := *p
		storeWord(p, gone)
		d.live--
		t.release(old)
	}
}

// Wipe removes all keys, shard by shard.
func (t *Records) Wipe() {
	for i := range t.shards {
		d := &t.shards[i]
		d.mu.Lock()
		t.empty(d, i)
		d.mu.Unlock()
	}
}

func (t *Records) empty(d *recordShard, shard int) {
	if d.off == 0 {
		return
	}
	was := d.slots
	d.slots = slots{}
	t.root.point(shard, 0, 0, 0)
	for i := range was.mask + 1 {
		if w := *t.slot(&was, i); w != 0 && w != gone {
			t.release(w)
		}
	}
	t.a.Free(was.off, int(was.mask+1)*8)
}

// Retire ends the table: readers get [ErrRetired], and its memory is free.
func (t *Records) Retire() {
	t.ended.Store(true)
	t.root.end()
	t.Wipe()
}

// RecordsView is a worker's side of the table. Its methods may be called
// concurrently.
type RecordsView struct {
	v *arena.View
	r *root
	s uint64
}

// OpenRecords opens the table that [Records.Root] told of.
func OpenRecords(v *arena.View, at uint64) (*RecordsView, error) {
	r, err := openRoot(v, at, kindRecords)
	if err != nil {
		return nil, err
	}
	return &RecordsView{v, r, r.seed}, nil
}

// Get appends the value of a key to buf and returns it with the number of the
// commit that wrote it.
func (w *RecordsView) Get(key, buf []byte) (val []byte, commit uint64, ok bool, err error) {
	h := hashBytes(w.s, key)
	d := &w.r.dir[h>>shardShift]
	for {
		word := loadWord(d)
		val, commit, ok, torn := w.look(word, h, key, buf)
		if w.r.live.Load() == 0 {
			return nil, 0, false, ErrRetired
		}
		if loadWord(d) == word && !torn {
			return val, commit, ok, nil
		}
	}
}

// look probes one state of a shard. Torn says that a record was exchanged while
// it was read.
func (w *RecordsView) look(word, h uint64, key, buf []byte) (val []byte, commit uint64, ok, torn bool) {
	base, lines, _ := segmentOf(w.v, word)
	if base == nil {
		return nil, 0, false, false
	}
	mask := lines*8 - 1
	for n, i := uint64(0), placeOf(h)&mask; n <= mask; n, i = n+1, (i+1)&mask {
		p := (*uint64)(unsafe.Add(base, i*8))
		s := loadWord(p)
		switch {
		case s == 0:
			return nil, 0, false, false
		case s == gone || s&^offMask != tagOf(h):
			continue
		}
		off := s & offMask
		r := w.v.At(off, recordHead)
		if r == nil || off%8 != 0 {
			return nil, 0, false, true
		}
		commit = loadWord((*uint64)(r))
		k, v := lengthsAt(r)
		// Lengths are bounded before anything is made of them: the memory may be
		// another's by now.
		if w.v.At(off, recordHead+(k+v+7)&^7) == nil {
			return nil, 0, false, true
		}
		same := k == uint64(len(key)) && sameKey(r, key)
		if same {
			// By the length that is known: the value is fetched from memory
			// together with the key, not after it.
			val = copyBytes(buf[:0], r, uint64(len(key)), v)
		}
		if loadWord(p) != s || loadWord((*uint64)(r)) != commit {
			return nil, 0, false, true
		}
		if same {
			return val, commit, true, false
		}
	}
	return nil, 0, false, false
}
