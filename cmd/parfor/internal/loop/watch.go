package loop

import (
	"slices"

	"parfor.dev/parfor/observe"
)

// watched tells an observer what the loop can't know: how many items the input
// has, and how many of them need not run.
type watched struct {
	observe.Observer
	r *run
}

func (w watched) Start(s observe.Start) {
	s.Total = w.total(s.Total)
	w.Observer.Start(s)
}

func (w watched) Frame(f observe.Frame) {
	w.complete(&f)
	w.Observer.Frame(f)
}

func (w watched) End(e observe.End) {
	w.complete(&e.Frame)
	w.Observer.End(e)
}

func (w watched) complete(f *observe.Frame) {
	f.Total = w.total(f.Total)
	f.Totals.Skipped += w.r.skipped.Load()
	f.Totals.OK = max(f.Totals.OK-w.r.unrun.Load(), 0)
	groups := make([]observe.Group, len(f.Groups))
	for i, g := range f.Groups {
		g.First = w.number(g.First)
		g.Examples = slices.Clone(g.Examples)
		for k, index := range g.Examples {
			g.Examples[k] = w.number(index)
		}
		groups[i] = g
	}
	f.Groups = groups
}

// number is what an item is called in the input: from 1, those that need not run
// included.
func (w watched) number(index int) int {
	if seq, ok := w.r.numbers.Load(index); ok {
		return seq.(int)
	}
	return index + 1
}

func (w watched) total(n int) int {
	if w.r.Total != nil {
		if known, ok := w.r.Total(); ok {
			return known
		}
	}
	if n >= 0 {
		n += int(w.r.skipped.Load())
	}
	return n
}
