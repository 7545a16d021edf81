package replica_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/replica"
)

// BenchmarkWordsInsert grows a table with keys in order, and with such that are no
// neighbours.
func BenchmarkWordsInsert(b *testing.B) {
	for _, n := range []int{1_000_000, 10_000_000} {
		for _, apart := range []uint64{1, 0x9e3779b97f4a7c15} {
			for _, shared := range []bool{false, true} {
				b.Run(fmt.Sprintf("%dM/dense=%v/shared=%v", n/1_000_000, apart == 1, shared), func(b *testing.B) {
					var longest time.Duration
					for range b.N {
						a, err := arena.New(0)
						if err != nil {
							b.Fatal(err)
						}
						w := replica.NewWords()
						if shared {
							w.Share(a)
						}
						longest = max(longest, grow(w, uint64(n), apart))
						b.ReportMetric(float64(bytesOf(w))/float64(n), "B/entry")
						a.Close()
					}
					b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mop/s")
					b.ReportMetric(float64(longest.Microseconds())/1e3, "ms-longest-lock")
				})
			}
		}
	}
}

// grow puts n keys and returns for how long a shard was locked at most.
func grow(w *replica.Words, n, apart uint64) (longest time.Duration) {
	for i := range n {
		k := i * apart
		h := w.Hash(k)
		s := replica.Shard(h)
		w.Lock(s)
		begin := time.Now()
		w.Put(h, k, k)
		longest = max(longest, time.Since(begin))
		w.Unlock(s)
	}
	return longest
}

func BenchmarkWordsGet(b *testing.B) {
	w := replica.NewWords()
	for k := range uint64(1_000_000) {
		put(w, k, k)
	}
	b.RunParallel(func(pb *testing.PB) {
		r := rand.New(rand.NewPCG(rand.Uint64(), 1))
		for pb.Next() {
			if _, ok := w.Get(r.Uint64N(1_000_000)); !ok {
				b.Fail()
			}
		}
	})
}

func BenchmarkRecords(b *testing.B) {
	a, err := arena.New(0)
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	w, _ := replica.NewRecords(a)
	v, err := arena.Open(a.File())
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	far, err := replica.OpenRecords(v, w.Root())
	if err != nil {
		b.Fatal(err)
	}
	val := make([]byte, 64)
	var key [32]byte
	const n = 1_000_000
	b.Run("put", func(b *testing.B) {
		for i := range b.N {
			if err := w.Put(fmt.Appendf(key[:0], "key %d", i%n), val, uint64(i)); err != nil {
				b.Fatal(err)
			}
		}
	})
	for i := range n {
		w.Put(fmt.Appendf(key[:0], "key %d", i), val, uint64(i))
	}
	random := func(i int) []byte { return fmt.Appendf(key[:0], "key %d", uint64(i)*0x9E3779B1%n) }
	b.Run("get at random", func(b *testing.B) {
		var buf [128]byte
		for i := range b.N {
			if got, _, ok, _ := far.Get(random(i), buf[:0]); !ok || got[0]+got[63] != 0 {
				b.Fatal("missed")
			}
		}
	})
	b.Run("get at random from a Go map", func(b *testing.B) {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprint("key ", i)] = string(val)
		}
		b.ResetTimer()
		for i := range b.N {
			if got := m[string(random(i))]; got[0]+got[63] != 0 {
				b.Fatal("missed")
			}
		}
	})
	b.Run("a key alone", func(b *testing.B) {
		for i := range b.N {
			random(i)
		}
	})
}
