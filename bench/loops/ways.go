package main

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"

	"parfor.dev/parfor"
)

// way runs body for each number below n. A dear one costs a goroutine, a
// channel operation or more per item.
type way struct {
	name string
	dear bool
	run  func(n int, body func(int))
}

var numbers = parfor.Range(5_000_000)

var loops = []way{
	{"plain loop", false, func(n int, body func(int)) {
		for i := range n {
			body(i)
		}
	}},
	{"halves by hand", false, func(n int, body func(int)) {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := n * w / workers; i < n*(w+1)/workers; i++ {
					body(i)
				}
			})
		}
		wg.Wait()
	}},
	{"chunks of 1000 by hand", false, func(n int, body func(int)) {
		var next atomic.Int64
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for {
					hi := int(next.Add(1000))
					if hi-1000 >= n {
						return
					}
					for i := hi - 1000; i < min(hi, n); i++ {
						body(i)
					}
				}
			})
		}
		wg.Wait()
	}},
	{"guided by hand", false, func(n int, body func(int)) {
		var next atomic.Int64
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for {
					at := int(next.Load())
					if at >= n {
						return
					}
					size := max((n-at)/(4*workers), 1)
					if next.CompareAndSwap(int64(at), int64(at+size)) {
						for i := at; i < at+size; i++ {
							body(i)
						}
					}
				}
			})
		}
		wg.Wait()
	}},
	{"parfor.For", false, func(n int, body func(int)) {
		must(parfor.For(context.Background(), n, body, parfor.Workers(workers)))
	}},
	{"parfor.Each", false, func(n int, body func(int)) {
		must(parfor.Each(context.Background(), numbers[:n], func(_ context.Context, i int) error { body(i); return nil }, parfor.Workers(workers)))
	}},
	{"parfor.Map", false, func(n int, body func(int)) {
		_, err := parfor.Map(context.Background(), numbers[:n], func(_ context.Context, i int) (int, error) { body(i); return i, nil }, parfor.Workers(workers))
		must(err)
	}},
	{"parfor.Each, own ctx", false, func(n int, body func(int)) {
		must(parfor.Each(context.Background(), numbers[:n], func(_ context.Context, i int) error { body(i); return nil }, parfor.Workers(workers), parfor.Attempts(2)))
	}},
	{"conc iter.ForEachIdx", false, func(n int, body func(int)) {
		iter.Iterator[int]{MaxGoroutines: workers}.ForEachIdx(numbers[:n], func(i int, _ *int) { body(i) })
	}},
	{"conc pool", true, func(n int, body func(int)) {
		p := pool.New().WithMaxGoroutines(workers)
		for i := range n {
			p.Go(func() { body(i) })
		}
		p.Wait()
	}},
	{"errgroup", true, func(n int, body func(int)) {
		var g errgroup.Group
		g.SetLimit(workers)
		for i := range n {
			g.Go(func() error { body(i); return nil })
		}
		must(g.Wait())
	}},
	{"pond", true, func(n int, body func(int)) {
		p := pond.NewPool(workers)
		defer p.StopAndWait()
		g := p.NewGroup()
		for i := range n {
			g.Submit(func() { body(i) })
		}
		must(g.Wait())
	}},
	{"ants", true, func(n int, body func(int)) {
		p, err := ants.NewPool(workers)
		must(err)
		defer p.Release()
		var wg sync.WaitGroup
		wg.Add(n)
		for i := range n {
			must(p.Submit(func() { body(i); wg.Done() }))
		}
		wg.Wait()
	}},
	{"goroutine per item", true, func(n int, body func(int)) {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { body(i) })
		}
		wg.Wait()
	}},
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
