package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/puzpuzpuz/xsync/v4"

	"parfor.dev/parfor/bench/paired"
	"parfor.dev/parfor/dict"
)

// store is a map that goroutines share.
type store interface {
	set(k, v int)
	get(k int) int
	add(k int)
}

type ours struct {
	d   *dict.Dict[int, int]
	ctx context.Context
}

func (o ours) set(k, v int)  { must(o.d.Set(o.ctx, k, v)) }
func (o ours) get(k int) int { v, _, _ := o.d.Get(o.ctx, k); return v }
func (o ours) add(k int)     { must(o.d.Add(o.ctx, k, 1)) }

type xsyncMap struct{ m *xsync.Map[int, int] }

func (x xsyncMap) set(k, v int)  { x.m.Store(k, v) }
func (x xsyncMap) get(k int) int { v, _ := x.m.Load(k); return v }
func (x xsyncMap) add(k int) {
	x.m.Compute(k, func(v int, _ bool) (int, xsync.ComputeOp) { return v + 1, xsync.UpdateOp })
}

type syncMap struct{ m *sync.Map }

func (s syncMap) set(k, v int)  { s.m.Store(k, v) }
func (s syncMap) get(k int) int { v, _ := s.m.Load(k); n, _ := v.(int); return n }
func (s syncMap) add(k int) {
	for {
		v, ok := s.m.LoadOrStore(k, 1)
		if !ok || s.m.CompareAndSwap(k, v, v.(int)+1) {
			return
		}
	}
}

// sharded is what programs write by hand: 64 maps with a mutex each.
type sharded struct {
	s *[64]struct {
		sync.Mutex
		m map[int]int
		_ [48]byte
	}
}

func (s sharded) set(k, v int) {
	p := &s.s[k&63]
	p.Lock()
	p.m[k] = v
	p.Unlock()
}

func (s sharded) get(k int) int {
	p := &s.s[k&63]
	p.Lock()
	v := p.m[k]
	p.Unlock()
	return v
}

func (s sharded) add(k int) {
	p := &s.s[k&63]
	p.Lock()
	p.m[k]++
	p.Unlock()
}

func newSharded() store {
	s := sharded{new([64]struct {
		sync.Mutex
		m map[int]int
		_ [48]byte
	})}
	for i := range s.s {
		s.s[i].m = map[int]int{}
	}
	return s
}

// numbered gives each write a place in one order, as commits of a dict have.
type numbered struct {
	store
	last *atomic.Uint64
}

func (n numbered) set(k, v int) { n.last.Add(1); n.store.set(k, v) }
func (n numbered) add(k int)    { n.last.Add(1); n.store.add(k) }

// inProcess is the rows of 4 goroutines in one process.
func inProcess(n, rounds int) {
	kinds := []struct {
		name string
		make func() store
	}{
		{"parfor dict", func() store {
			d, err := dict.Make[int, int](context.Background())
			must(err)
			return ours{d, context.Background()}
		}},
		{"xsync.Map", func() store { return xsyncMap{xsync.NewMap[int, int]()} }},
		{"xsync, numbered", func() store { return numbered{store: xsyncMap{xsync.NewMap[int, int]()}, last: new(atomic.Uint64)} }},
		{"sync.Map", func() store { return syncMap{new(sync.Map)} }},
		{"64 shards by hand", newSharded},
	}
	spread := func(i int) int { return int(uint64(i) * 0x9E3779B1 % uint64(n)) }
	var inserts, reads, randomReads, adds, randomAdds []paired.Way
	for _, k := range kinds {
		full := k.make()
		for i := range n {
			full.set(i, i)
		}
		inserts = append(inserts, paired.Way{Name: k.name, N: n, Run: func() {
			s := k.make()
			four(n, func(i int) { s.set(i, i) })
		}})
		over := func(ways *[]paired.Way, op func(i int)) {
			*ways = append(*ways, paired.Way{Name: k.name, N: n, Run: func() { four(n, op) }})
		}
		over(&reads, func(i int) { full.get(i) })
		over(&randomReads, func(i int) { full.get(spread(i)) })
		over(&adds, func(i int) { full.add(i % 100) })
		over(&randomAdds, func(i int) { full.add(spread(i)) })
	}
	for _, t := range []struct {
		title, base string
		ways        []paired.Way
	}{{"inserts", "64 shards by hand", inserts},
		{"reads in order", "xsync.Map", reads}, {"reads at random", "xsync.Map", randomReads},
		{"adds to 100 keys", "xsync.Map", adds}, {"adds to all keys at random", "xsync.Map", randomAdds}} {
		m := paired.Measure(t.ways, rounds, 1)
		m.Print(os.Stdout, fmt.Sprintf("in one process, 4 goroutines, %d keys: %s", n, t.title), "", t.base, 4)
	}
}

// four does n operations on 4 goroutines.
func four(n int, op func(i int)) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := g * n / 4; i < (g+1)*n/4; i++ {
				op(i)
			}
		})
	}
	wg.Wait()
}
