package dict

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/replica"
)

// shared is the owner's side of what worker processes read without asking. It
// is made when the first of them reads: a dictionary that is only written
// never pays for it.
type shared struct {
	mu      sync.Mutex
	refused bool   // there is no such memory, or no room in it
	root    uint64 // 0: not shared
	records atomic.Pointer[replica.Records]
	bufs    sync.Pool // *[]byte
}

var errNoRoom = errors.New("no room in shared memory")

// share puts the entries where workers see them and returns where that is, 0
// if they have to ask. A table of words moves there; of cells a copy is made,
// which commits keep up to date.
func (t *table[K, V]) share() (root uint64) {
	s := &t.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root != 0 || s.refused {
		return s.root
	}
	a, err := arena.Program()
	if err == nil && t.words != nil {
		s.root, err = t.words.Share(a)
	} else if err == nil {
		s.root, err = t.copyTo(a)
	}
	if err != nil {
		s.refused, s.root = true, 0
	}
	return s.root
}

func (t *table[K, V]) copyTo(a *arena.Arena) (root uint64, err error) {
	r, err := replica.NewRecords(a)
	if err != nil {
		return 0, err
	}
	s := &t.shared
	s.records.Store(r) // from here on commits write to it
	v, err := t.freeze()
	if err != nil {
		return 0, err
	}
	defer v.close()
	for _, e := range v.byAge() {
		h := t.hash(e.key)
		i := t.shardOf(h)
		t.lock(i)
		if _, at, ok := t.peek(h, e.key); ok && at == e.at { // else a commit has written it meanwhile
			t.copyOut(e.key, e.val, e.at)
		}
		t.unlock(i)
		if s.records.Load() == nil {
			return 0, errNoRoom
		}
	}
	return r.Root(), nil
}

// byAge returns the cells of the view in the order of the commits that wrote
// them. Keys that one task after the other has written are often read in that
// order, too: their records then lie side by side.
func (v *view[K, V]) byAge() []*cell[K, V] {
	all := make([]*cell[K, V], 0, v.len())
	for _, m := range v.cells {
		for _, chunk := range m.chunks {
			for i := range chunk {
				if chunk[i].at != 0 {
					all = append(all, &chunk[i])
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b *cell[K, V]) int { return cmp.Compare(a.at, b.at) })
	return all
}

// copyOut writes an entry of a locked shard to the copy. If it can't, workers go
// back to asking: a commit doesn't fail for lack of shared memory.
func (t *table[K, V]) copyOut(k K, v V, n uint64) {
	s := &t.shared
	r := s.records.Load()
	if r == nil {
		return
	}
	buf, _ := s.bufs.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	b := t.c.key.append((*buf)[:0], unsafe.Pointer(&k))
	at := len(b)
	b, err := t.c.val().Put(b, v)
	if err == nil {
		err = r.Put(b[:at:at], b[at:], n)
	}
	*buf = b
	s.bufs.Put(buf)
	if err != nil {
		t.unshare(r)
	}
}

func (t *table[K, V]) copyGone(k K) {
	if r := t.shared.records.Load(); r != nil {
		var buf [64]byte
		r.Drop(t.c.key.append(buf[:0], unsafe.Pointer(&k)))
	}
}

// unshare gives the copy up for good.
func (t *table[K, V]) unshare(r *replica.Records) {
	if t.shared.records.CompareAndSwap(r, nil) {
		r.Retire()
		go t.refuse()
	}
}

// refuse keeps share from trying again. It waits for a share under way, which
// may be waiting for the shard that its caller has locked.
func (t *table[K, V]) refuse() {
	t.shared.mu.Lock()
	defer t.shared.mu.Unlock()
	t.shared.refused, t.shared.root = true, 0
}

// hide takes the entries out of the workers' sight for a while: they ask again,
// and see what is there then.
func (t *table[K, V]) hide() {
	if t == nil {
		return
	}
	defer t.watch.publish() // who waits has to look for the table that is here now
	t.shared.mu.Lock()
	defer t.shared.mu.Unlock()
	t.shared.root = 0
	if t.words != nil {
		t.words.Unshare()
	}
	if r := t.shared.records.Swap(nil); r != nil {
		r.Retire()
	}
}

// retire ends a table: workers that read it ask again, whatever is there then.
func (t *table[K, V]) retire() {
	if t == nil {
		return
	}
	defer t.watch.publish() // who waits has to look for the table that is here now
	t.shared.mu.Lock()
	defer t.shared.mu.Unlock()
	t.shared.refused, t.shared.root = true, 0
	if t.words != nil {
		t.words.Retire()
	}
	if r := t.shared.records.Swap(nil); r != nil {
		r.Retire()
	}
}
