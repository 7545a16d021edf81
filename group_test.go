package parfor_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

// plant is a random tree, each node with how its attempts end.
type plant struct {
	children [][]int // of each node, in the order of adding
	spoilt   []int   // attempts that come to nothing
	how      []int

	mu    sync.Mutex
	tries []int
}

func drawPlant(t *rapid.T) *plant {
	n := rapid.IntRange(1, 60).Draw(t, "nodes")
	p := &plant{children: make([][]int, n), tries: make([]int, n)}
	for i := 1; i < n; i++ {
		at := rapid.IntRange(max(0, i-6), i-1).Draw(t, "parent")
		p.children[at] = append(p.children[at], i)
	}
	p.spoilt = rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2}), n, n).Draw(t, "spoilt")
	p.how = rapid.SliceOfN(rapid.IntRange(0, 2), n, n).Draw(t, "how")
	return p
}

var errSpoilt = errors.New("spoilt")

func (p *plant) body(ctx context.Context, n int) (int, error) {
	p.mu.Lock()
	p.tries[n]++
	spoilt := p.tries[n] <= p.spoilt[n]
	p.mu.Unlock()
	for _, c := range p.children[n] {
		if err := parfor.Add(ctx, c); err != nil {
			return 0, err
		}
	}
	switch {
	case !spoilt:
		return n, nil
	case p.how[n] == 1:
		panic(errSpoilt)
	case p.how[n] == 2:
		runtime.Goexit()
	}
	return 0, errSpoilt
}

// reached are the nodes whose parents succeed.
func (p *plant) reached(attempts int) (all []int) {
	open := []int{0}
	for len(open) > 0 {
		n := open[0]
		open = open[1:]
		all = append(all, n)
		if p.spoilt[n] < attempts {
			open = append(open, p.children[n]...)
		}
	}
	slices.Sort(all)
	return all
}

// TestGroupModel compares groups with a plain walk of the same tree.
func TestGroupModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlant(t)
		attempts := rapid.IntRange(1, 2).Draw(t, "attempts")
		opts := []parfor.Option{parfor.Attempts(attempts), parfor.Window(rapid.SampledFrom([]int{1, 2, 64}).Draw(t, "window")), parfor.Workers(rapid.IntRange(1, 4).Draw(t, "workers"))}
		goesOn, ordered := rapid.Bool().Draw(t, "KeepGoing"), rapid.Bool().Draw(t, "InOrder")
		if goesOn {
			opts = append(opts, parfor.KeepGoing())
		}
		if ordered {
			opts = append(opts, parfor.InOrder())
		}
		place, done := map[int]int{}, map[int]bool{} // by node, by index
		var nodes []int
		var last error
		for r, err := range parfor.Group(t.Context(), []int{0}, p.body, opts...) {
			if _, ofItem := err.(*parfor.TaskError); err != nil && !ofItem {
				last = err
				continue
			}
			if err == nil && r.Out != r.In {
				t.Fatalf("%+v", r)
			}
			if ordered && r.Index != len(nodes) && goesOn {
				t.Fatalf("index %d at place %d", r.Index, len(nodes))
			}
			nodes = append(nodes, r.In)
			place[r.In], done[r.Index] = r.Index, err == nil
		}
		for n, children := range p.children { // siblings stand together, behind the parent
			for i, c := range children {
				at, there := place[c]
				if !there {
					continue
				}
				first, known := place[children[0]]
				if parent, done := place[n]; !done || at <= parent || known && at != first+i {
					t.Fatalf("node %d has index %d, its parent %d (%v), the first of its siblings %d", c, at, parent, done, first)
				}
			}
		}
		want := p.reached(attempts)
		if slices.Sort(nodes); (goesOn || last == nil) && !slices.Equal(nodes, want) {
			t.Fatalf("nodes %v, want %v", nodes, want)
		}
		fails := slices.ContainsFunc(want, func(n int) bool { return p.spoilt[n] >= attempts })
		if (last != nil) != (fails && !goesOn) {
			t.Fatalf("the loop's error is %v", last)
		}
		var le *parfor.LoopError
		if errors.As(last, &le) {
			for i := range len(want) + 1 {
				if le.Done(i) != done[i] {
					t.Fatalf("Done(%d) is %v, yielded %v", i, le.Done(i), done[i])
				}
			}
		}
	})
}

// halves splits a number until it is 1.
func halves(ctx context.Context, n int) (int, error) {
	if n == 1 {
		return 1, nil
	}
	return 0, parfor.Add(ctx, n/2, n-n/2)
}

// TestGroupTellsObserversWhatIsKnown: no total at first, in the end the true one.
func TestGroupTellsObserversWhatIsKnown(t *testing.T) {
	o := &startAndEnd{}
	for _, err := range parfor.Group(t.Context(), []int{1000}, halves, parfor.Observe(o), parfor.Name("halves")) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if o.start.Total != -1 || o.start.Name != "halves" || o.end.Total != 1999 || o.end.Totals.OK != 1999 {
		t.Errorf("%+v, then %+v", o.start, o.end)
	}
}

type startAndEnd struct {
	start observe.Start
	end   observe.Frame
}

func (o *startAndEnd) Start(s observe.Start) { o.start = s }
func (o *startAndEnd) Frame(observe.Frame)   {}
func (o *startAndEnd) Event(observe.Event)   {}
func (o *startAndEnd) End(e observe.End)     { o.end = e.Frame }

// A group that waits for its consumer, or whose consumer is slow, loses nothing.
func TestGroupRunsAnew(t *testing.T) {
	seeds := []int{3, 5}
	group := parfor.Group(t.Context(), seeds, halves, parfor.Window(2))
	for range 2 {
		leaves := 0
		for r, err := range group {
			if err != nil {
				t.Fatal(err)
			}
			leaves += r.Out
		}
		if leaves != 8 || !slices.Equal(seeds, []int{3, 5}) {
			t.Errorf("%d leaves of %v", leaves, seeds)
		}
	}
}

func TestGroupOptions(t *testing.T) {
	for _, opt := range []parfor.Option{parfor.Window(0), parfor.OnDuplicate(parfor.KeepFirst), parfor.Label(func(string) string { return "" })} {
		for _, err := range parfor.Group(t.Context(), []int{1}, halves, opt) {
			if !errors.Is(err, parfor.ErrOption) {
				t.Errorf("got %v", err)
			}
		}
	}
	for _, err := range parfor.Group[int, int](t.Context(), []int{1}, nil) {
		if !errors.Is(err, parfor.ErrOption) {
			t.Errorf("got %v", err)
		}
	}
}

func BenchmarkGroup(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range parfor.Group(b.Context(), []int{1 << 16}, halves) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
