package dict_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// The rows "dictionary in one process, 4 goroutines": operations per second
// over a million keys, beside the two baselines a program would write by hand.
const benchKeys = 1 << 20

// four runs b.N operations on 4 goroutines and reports them per second.
func four(b *testing.B, op func(i int)) {
	const goroutines, block = 4, 256
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range goroutines {
		wg.Go(func() {
			for {
				lo := int(next.Add(block)) - block
				if lo >= b.N {
					return
				}
				for i := lo; i < min(lo+block, b.N); i++ {
					op(i)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mop/s")
}

// spread visits all keys in an order that no cache foresees.
func spread(i int) int { return int(uint64(i) * 0x9E3779B1 & (benchKeys - 1)) }

func made(b *testing.B) *dict.Dict[int, int] {
	d, err := dict.Make[int, int](b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func filled(b *testing.B) *dict.Dict[int, int] {
	d := made(b)
	for i := range benchKeys {
		d.Set(context.Background(), i, i)
	}
	return d
}

func BenchmarkInsert(b *testing.B) {
	d, ctx := made(b), context.Background()
	four(b, func(i int) { d.Set(ctx, spread(i), i) })
}

func BenchmarkRead(b *testing.B) {
	d, ctx := filled(b), context.Background()
	four(b, func(i int) { d.Get(ctx, spread(i)) })
}

func BenchmarkAdd(b *testing.B) {
	d, ctx := filled(b), context.Background()
	four(b, func(i int) { d.Add(ctx, spread(i), 1) })
}

func BenchmarkAddTenKeys(b *testing.B) {
	d, ctx := made(b), context.Background()
	four(b, func(i int) { d.Add(ctx, i%10, 1) })
}

// BenchmarkCommitTask is an attempt with one Add, as a loop runs it here.
func BenchmarkCommitTask(b *testing.B) {
	d := filled(b)
	b.ReportAllocs()
	four(b, func(i int) {
		c := &task.Ctx{Context: context.Background(), Attempt: task.Attempt{Index: i, Number: 1}}
		d.Add(c, spread(i), 1)
		if _, err := c.Finish(nil); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkCommitEncoded is what the owner does with the write set of a task
// that ran in a worker process: one Add.
func BenchmarkCommitEncoded(b *testing.B) {
	d := filled(b)
	d.MarshalBinary()
	c := &task.Ctx{Context: context.Background()}
	d.Add(c, 17, 1)
	enc, err := c.Seal().Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	four(b, func(i int) {
		if _, err := writeset.CommitEncoded(enc, task.Ticket{}); err != nil {
			b.Error(err)
		}
	})
}

func BenchmarkBaselineMutexInsert(b *testing.B) {
	var mu sync.Mutex
	m := map[int]int{}
	four(b, func(i int) { mu.Lock(); m[spread(i)] = i; mu.Unlock() })
}

func BenchmarkBaselineMutexAdd(b *testing.B) {
	var mu sync.Mutex
	m := map[int]int{}
	four(b, func(i int) { mu.Lock(); m[spread(i)]++; mu.Unlock() })
}

func BenchmarkBaselineShardsInsert(b *testing.B) {
	var ss [64]struct {
		sync.Mutex
		m map[int]int
		_ [48]byte
	}
	for i := range ss {
		ss[i].m = map[int]int{}
	}
	four(b, func(i int) {
		k := spread(i)
		s := &ss[k&63]
		s.Lock()
		s.m[k] = i
		s.Unlock()
	})
}

func BenchmarkBaselineSyncMapRead(b *testing.B) {
	var m sync.Map
	for i := range benchKeys {
		m.Store(i, i)
	}
	four(b, func(i int) { m.Load(spread(i)) })
}
