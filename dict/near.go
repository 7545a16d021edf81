package dict

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"unsafe"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/replica"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// sharing is a worker's side of the memory in which the owner keeps the entries.
type sharing struct {
	now  atomic.Pointer[memory]
	none atomic.Bool // there is none; ask
	mu   sync.Mutex
}

// memory is where the entries lie.
type memory struct {
	words   *replica.WordsView
	records *replica.RecordsView
}

// near returns the shared memory, nil if there is none. The first call asks the
// owner, who then begins to share.
func (c *core[K, V]) near(a *task.Attempt) *memory {
	s := &c.shares
	if m := s.now.Load(); m != nil {
		return m
	}
	if s.none.Load() || writeset.Distant(a) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.now.Load(); m != nil || s.none.Load() {
		return m
	}
	m, err := c.meet(a)
	if m == nil && err == nil {
		s.none.Store(true)
	}
	s.now.Store(m)
	return m
}

// meet asks the owner where the entries lie and opens the place. Neither a
// place nor an error: there is none. After an error the next read tries again.
func (c *core[K, V]) meet(a *task.Attempt) (*memory, error) {
	r, err := asker[K, V]{c, a}.ask(askShare, nil)
	if err != nil {
		return nil, err
	}
	root := r.Uint64()
	if r.Err() != nil || root == 0 {
		return nil, r.Err()
	}
	v, err := arena.Inherited()
	if err != nil {
		return nil, nil
	}
	m := &memory{}
	if c.word {
		m.words, err = replica.OpenWords(v, root)
	} else {
		m.records, err = replica.OpenRecords(v, root)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// lost says that the memory ended: the dictionary was closed or exchanged.
func (c *core[K, V]) lost(m *memory) { c.shares.now.CompareAndSwap(m, nil) }

// nearGet reads a key from shared memory.
func (c *core[K, V]) nearGet(m *memory, k K) (v V, mark uint64, ok bool, err error) {
	task.Decide(c.nearHash(k))
	if m.words != nil {
		mark, ok, err = m.words.Get(toWord(k))
		return fromWord[V](mark), mark, ok, err
	}
	var key, val [128]byte
	b, mark, ok, err := m.records.Get(c.key.append(key[:0], unsafe.Pointer(&k)), val[:0])
	if ok && err == nil {
		v, err = c.val().Get(b)
	}
	return v, mark, ok, err
}

// textRoom is how much short strings that one attempt reads share.
const textRoom = 512

// text is nearGet of a dictionary whose values are strings, for an attempt. They
// come to lie side by side, so that not each of them is an allocation; a program
// that keeps one of them keeps up to textRoom bytes.
func (o *overlay[K, V]) text(r *replica.RecordsView, k K) (v V, mark uint64, ok bool, err error) {
	var key [128]byte
	name := o.c.key.append(key[:0], unsafe.Pointer(&k))
	if cap(o.texts)-len(o.texts) < textRoom/4 {
		o.texts = make([]byte, 0, textRoom)
	}
	at := len(o.texts)
	b, mark, ok, err := r.Get(name, o.texts[at:])
	if !ok || err != nil || len(b) == 0 {
		return v, mark, ok, err
	}
	if len(b) <= cap(o.texts)-at {
		o.texts = o.texts[:at+len(b)]
	}
	s := unsafe.String(&b[0], len(b)) // nobody writes to these bytes any more
	return *(*V)(unsafe.Pointer(&s)), mark, ok, nil
}

// nearHash tells a key from those of all dictionaries, in this process.
func (c *core[K, V]) nearHash(k K) uint64 {
	if c.word {
		return (toWord(k) ^ c.id) * 0x9e3779b97f4a7c15 >> 20
	}
	return maphash.Comparable(nearSeed, k) ^ c.id
}

var nearSeed = maphash.MakeSeed()

// Undecide notes what the attempt writes, for the tasks after it.
func (o *overlay[K, V]) Undecide(slot int, count uint64) {
	if !o.Changes() {
		return
	}
	task.UndecideAny(slot, count)
	if o.wiped {
		task.UndecideAll(slot, count)
	}
	for i := range o.ops {
		h := o.ops[i].hash
		if !o.index.on {
			h = o.c.nearHash(o.ops[i].key)
		}
		task.Undecide(h, slot, count)
	}
}
