package replica_test

import (
	"math/rand/v2"
	"testing"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/replica"
)

func bytesOf(w *replica.Words) (n int) {
	for s := range replica.Shards {
		w.Lock(s)
		n += w.Bytes(s)
		w.Unlock(s)
	}
	return n
}

// TestDenseKeysAreSmall is what runs are for: 8 bytes a key, and what directories
// and room for new keys take.
func TestDenseKeysAreSmall(t *testing.T) {
	const n = 200_000
	orders := map[string]func(i uint64) uint64{
		"in order":  func(i uint64) uint64 { return i },
		"at random": func(i uint64) uint64 { return i * 0x9E3779B1 % n },
		"negative":  func(i uint64) uint64 { return -i },
	}
	for name, key := range orders {
		w := replica.NewWords()
		for i := range uint64(n) {
			put(w, key(i), i)
		}
		if each := bytesOf(w) / n; each > 24 {
			t.Errorf("%s: %d bytes an entry", name, each)
		}
		for i := range uint64(n) {
			if v, ok := w.Get(key(i)); !ok || v != i {
				t.Fatalf("%s: key %d is %d, %v", name, key(i), v, ok)
			}
		}
	}
}

// TestRunsComeAndGo makes blocks dense and sparse again, in both kinds of
// memory, with and without somebody who looks at the shard, and compares with a
// Go map all the time.
func TestRunsComeAndGo(t *testing.T) {
	a, view := arena.Twin(32 << 20)
	for round := range uint64(4) {
		r := rand.New(rand.NewPCG(round, 7))
		w, model := replica.NewWords(), map[uint64]uint64{}
		var far *replica.WordsView
		if round%2 == 1 {
			at, err := w.Share(a)
			if err != nil {
				t.Fatal(err)
			}
			if far, err = replica.OpenWords(view, at); err != nil {
				t.Fatal(err)
			}
		}
		for range 120 {
			first, n := r.Uint64N(40)<<6, r.Uint64N(200)
			for k := first; k < first+n; k++ {
				if r.IntN(3) == 0 {
					drop(w, k)
					delete(model, k)
				} else {
					put(w, k, k^round)
					model[k] = k ^ round
				}
			}
			if r.IntN(3) == 0 { // leave a few
				for k := first; k < first+256; k++ {
					if k%17 != 0 {
						drop(w, k)
						delete(model, k)
					}
				}
			}
			for range r.IntN(300) { // strangers, so that shards are rebuilt
				k := r.Uint64()
				put(w, k, k)
				model[k] = k
			}
			var looks []*replica.Frozen
			was := map[uint64]uint64{}
			if r.IntN(4) == 0 {
				for s := range replica.Shards {
					w.Lock(s)
					looks = append(looks, w.Freeze(s))
					w.Unlock(s)
				}
				for k, v := range model {
					was[k] = v
				}
			}
			for k := first; k < first+64; k++ {
				put(w, k, 1)
				model[k] = 1
			}
			seen := 0
			for s, f := range looks {
				f.Each(func(k, v uint64) bool {
					if seen++; was[k] != v || replica.Shard(w.Hash(k)) != s {
						t.Fatalf("frozen: %d is %d, want %d", k, v, was[k])
					}
					return true
				})
				f.Release()
			}
			if seen != len(was) {
				t.Fatalf("%d frozen entries, want %d", seen, len(was))
			}
		}
		count := 0
		for s := range replica.Shards {
			w.Lock(s)
			count += w.Count(s)
			w.Unlock(s)
		}
		if count != len(model) {
			t.Errorf("%d entries, want %d", count, len(model))
		}
		for k := range uint64(3000) {
			v, ok := w.Get(k)
			if want, is := model[k]; ok != is || v != want {
				t.Fatalf("key %d is %d, %v, want %d, %v", k, v, ok, want, is)
			}
			if far != nil {
				if got, there, err := far.Get(k); err != nil || got != v || there != ok {
					t.Fatalf("from afar key %d is %d, %v, %v, want %d, %v", k, got, there, err, v, ok)
				}
			}
		}
		w.Retire()
	}
	if n := a.Used(); n > 1<<20 { // roots stay
		t.Errorf("%d bytes of the arena are still used", n)
	}
}
