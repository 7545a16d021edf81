package dict_test

import (
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"parfor.dev/parfor/internal/writeset"
)

// TestD5_SnapshotsSeeOneMoment moves units between keys and dictionaries: in
// every snapshot of one dictionary the sum is what it was, and every reader
// sees a commit whole.
func TestD5_SnapshotsSeeOneMoment(t *testing.T) {
	const keys, moves = 300, 2000
	d := fresh[int, int](t)
	for k := range keys {
		d.Set(bg, k, 10)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for seed := range uint64(3) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for range moves {
				c := attempt(nil)
				from, to := r.IntN(keys), r.IntN(keys)
				d.Add(c, from, -1)
				d.Add(c, to, 1)
				if _, err := c.Finish(nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				sum := 0
				for _, v := range d.All(bg) {
					sum += v
				}
				if n, _ := d.Len(bg); sum != keys*10 || n != keys {
					t.Errorf("sum %d of %d entries, want %d of %d", sum, n, keys*10, keys)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	readers.Wait()
}

// TestD2_ReplayByNumber replays every commit in the order of the numbers and
// must arrive at what the dictionaries hold.
func TestD2_ReplayByNumber(t *testing.T) {
	type change struct {
		store uint64
		op    writeset.Op
		k, v  any
	}
	var mu sync.Mutex
	history := map[uint64][]change{}
	stop := writeset.Trace(func(n uint64, p writeset.Part) {
		mu.Lock()
		defer mu.Unlock()
		p.Each(func(op writeset.Op, k, v any) {
			history[n] = append(history[n], change{p.Store().ID(), op, k, v})
		})
	})
	a, b := fresh[int, int](t), fresh[int, int](t)
	start := writeset.Last()
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 2))
			for i := range 1500 {
				c := attempt(nil)
				a.Set(c, r.IntN(20), i)
				b.Add(c, r.IntN(20), 1)
				b.Set(c, r.IntN(20), i)
				switch r.IntN(40) {
				case 0:
					b.Clear(c)
				case 1:
					a.Delete(bg, r.IntN(20))
				}
				body := errFailed
				if r.IntN(5) > 0 {
					body = nil
				}
				if _, err := c.Finish(body); err != body {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	stop()
	model := map[uint64]map[int]int{a.Store().ID(): {}, b.Store().ID(): {}}
	for n := start + 1; n <= writeset.Last(); n++ {
		if history[n] == nil {
			t.Fatalf("commit %d is missing", n)
		}
		for _, c := range history[n] {
			m := model[c.store]
			switch c.op {
			case writeset.Wipe:
				clear(m)
			case writeset.Put:
				m[c.k.(int)] = c.v.(int)
			case writeset.Drop:
				delete(m, c.k.(int))
			case writeset.Plus:
				m[c.k.(int)] += c.v.(int)
			}
		}
	}
	wants(t, bg, a, model[a.Store().ID()])
	wants(t, bg, b, model[b.Store().ID()])
}

func TestIterationIsNotDisturbed(t *testing.T) {
	d := fresh[int, int](t)
	want := map[int]int{}
	for i := range 2000 {
		d.Set(bg, i, i)
		want[i] = i
	}
	got := map[int]int{}
	for k, v := range d.All(bg) {
		got[k] = v
		d.Delete(bg, k)
		d.Set(bg, -k-1, v)
		d.Delete(bg, (k+1000)%2000)
	}
	if !maps.Equal(got, want) {
		t.Fatalf("the iteration saw %d entries, some of them new; want the %d at its start", len(got), len(want))
	}
	for range d.All(bg) {
		break
	}
}
