package replica_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/replica"
)

// edit does an operation in its locked shard.
func edit(t *replica.Words, k uint64, f func(h uint64)) {
	h := t.Hash(k)
	t.Lock(replica.Shard(h))
	f(h)
	t.Unlock(replica.Shard(h))
}

func put(t *replica.Words, k, v uint64) { edit(t, k, func(h uint64) { t.Put(h, k, v) }) }
func drop(t *replica.Words, k uint64)   { edit(t, k, func(h uint64) { t.Drop(h, k) }) }

// TestWordsAreAMap compares a table with a Go map under random operations,
// while it moves to shared memory and back.
func TestWordsAreAMap(t *testing.T) {
	a, view := arena.Twin(32 << 20)
	for round := range 6 {
		r := rand.New(rand.NewPCG(uint64(round), 1))
		w, model := replica.NewWords(), map[uint64]uint64{}
		var far *replica.WordsView
		keys := uint64(100) << (2 * round)
		for range 40_000 {
			k, v := r.Uint64N(keys), r.Uint64()
			if r.IntN(2) == 0 {
				k = -k
			}
			switch r.IntN(100) {
			default:
				put(w, k, v)
				model[k] = v
			case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19:
				drop(w, k)
				delete(model, k)
			}
			if r.IntN(10_000) == 0 {
				if far != nil {
					w.Unshare()
					if _, _, err := far.Get(1); !errors.Is(err, replica.ErrRetired) {
						t.Fatalf("a table that left is read: %v", err)
					}
					far = nil
				} else {
					at, err := w.Share(a)
					if err != nil {
						t.Fatal(err)
					}
					if far, err = replica.OpenWords(view, at); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got, ok := w.Get(k); ok != has(model, k) || got != model[k] {
				t.Fatalf("Get(%d) = %d, %v; want %d", k, got, ok, model[k])
			}
			if far != nil {
				if got, ok, err := far.Get(k); err != nil || ok != has(model, k) || got != model[k] {
					t.Fatalf("from afar Get(%d) = %d, %v, %v; want %d", k, got, ok, err, model[k])
				}
			}
		}
		n := 0
		for s := range replica.Shards {
			w.Lock(s)
			f := w.Freeze(s)
			n += w.Count(s)
			w.Unlock(s)
			f.Each(func(k, v uint64) bool {
				if model[k] != v {
					t.Errorf("%d is %d, want %d", k, v, model[k])
				}
				return true
			})
			f.Release()
		}
		if n != len(model) {
			t.Fatalf("%d entries, want %d", n, len(model))
		}
		w.Retire()
	}
	if n := a.Used(); n > 1<<20 { // roots stay
		t.Errorf("%d bytes of the arena are still used", n)
	}
}

func has(m map[uint64]uint64, k uint64) bool { _, ok := m[k]; return ok }

// TestFrozenStaysAsItWas writes to a shard that somebody looks at.
func TestFrozenStaysAsItWas(t *testing.T) {
	w := replica.NewWords()
	for k := range uint64(5000) {
		put(w, k, k)
	}
	var fs []*replica.Frozen
	for s := range replica.Shards {
		w.Lock(s)
		fs = append(fs, w.Freeze(s))
		w.Unlock(s)
	}
	for k := range uint64(5000) {
		if k%2 == 0 {
			put(w, k, 7)
		} else {
			drop(w, k)
		}
		put(w, k+5000, 7)
	}
	n := 0
	for _, f := range fs {
		n += f.Len()
		f.Each(func(k, v uint64) bool {
			if k != v || k >= 5000 {
				t.Errorf("a frozen entry changed: %d = %d", k, v)
			}
			return true
		})
		f.Release()
	}
	if n != 5000 {
		t.Errorf("%d frozen entries, want 5000", n)
	}
}

// TestReadersMissNothing reads keys that are always there, with one of two
// values, while their neighbours come and go and shards grow. It runs on the
// heap, where the race detector sees it, and from afar.
func TestReadersMissNothing(t *testing.T) {
	a, view := arena.Twin(64 << 20)
	w := replica.NewWords()
	for k := range uint64(1000) {
		put(w, k, k<<32)
	}
	at, err := w.Share(a)
	if err != nil {
		t.Fatal(err)
	}
	far, err := replica.OpenWords(view, at)
	if err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var reads atomic.Int64
	var wg sync.WaitGroup
	for g := range 2 {
		wg.Go(func() {
			for i := uint64(0); !stop.Load(); i++ {
				k := i % 1000
				v, ok := w.Get(k)
				if g == 1 {
					if v, ok, err = far.Get(k); err != nil {
						t.Errorf("Get: %v", err)
						return
					}
				}
				if !ok || v>>32 != k {
					t.Errorf("key %d, always there, reads %#x, %v", k, v, ok)
					return
				}
				reads.Add(1)
			}
		})
	}
	for i := uint64(0); i < 200_000 || reads.Load() < 2000; i++ {
		put(w, i%1000, i%1000<<32|i&0xffff)
		put(w, 1000+i%50_000, i)
		if i%3 == 0 {
			drop(w, 1000+(i*7)%50_000)
		}
		if t.Failed() {
			break
		}
	}
	stop.Store(true)
	wg.Wait()
}

// TestFullArenaGoesBackToTheHeap loses nothing when shared memory ends.
func TestFullArenaGoesBackToTheHeap(t *testing.T) {
	a, view := arena.Twin(1 << 20)
	w := replica.NewWords()
	at, err := w.Share(a)
	if err != nil {
		t.Fatal(err)
	}
	far, _ := replica.OpenWords(view, at)
	for k := range uint64(100_000) {
		put(w, k, k+1)
	}
	if _, _, err := far.Get(5); !errors.Is(err, replica.ErrRetired) {
		t.Fatalf("the table is too large for the arena, and it is read there: %v", err)
	}
	for k := range uint64(100_000) {
		if v, ok := w.Get(k); !ok || v != k+1 {
			t.Fatalf("Get(%d) = %d, %v", k, v, ok)
		}
	}
}

func TestRefusesWhatIsNoTable(t *testing.T) {
	a, view := arena.Twin(1 << 20)
	w := replica.NewWords()
	at, _ := w.Share(a)
	for _, bad := range []uint64{0, 1, at + 8, at + 32, 1 << 20, 1 << 60} {
		if _, err := replica.OpenWords(view, bad); err == nil {
			t.Errorf("a table at %#x", bad)
		}
	}
	if _, err := replica.OpenRecords(view, at); err == nil {
		t.Error("a table of words opens as one of records")
	}
}
