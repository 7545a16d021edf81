// Package paired times several ways to do one thing in one run: rounds over
// all of them in shuffled order, so that a noisy machine hits all alike, then
// medians, and ratios within rounds with a 95 % interval.
package paired

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
	"time"
)

// Way is one way to do the work. Run does it once, for N items.
type Way struct {
	Name string
	N    int
	Run  func()
}

// Table holds what a run measured.
type Table struct {
	Ways  []Way
	Nanos [][]float64 // way, round: ns per item
}

// Measure does one uncounted round and then the given number of rounds, in an
// order shuffled by seed.
func Measure(ways []Way, rounds int, seed uint64) *Table {
	t := &Table{Ways: ways, Nanos: make([][]float64, len(ways))}
	order := rand.New(rand.NewPCG(seed, 0))
	for r := -1; r < rounds; r++ {
		for _, i := range order.Perm(len(ways)) {
			w := ways[i]
			begin := time.Now()
			w.Run()
			took := time.Since(begin)
			if r >= 0 {
				t.Nanos[i] = append(t.Nanos[i], float64(took)/float64(w.N))
			}
		}
	}
	return t
}

// Median of the values.
func Median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Ratio is the median of the ratios of way a to way b within rounds, with the
// 95 % interval of that median from its order statistics (binomial; Conover,
// Practical Nonparametric Statistics, 3.2). Below 6 rounds the interval is
// their whole range.
func (t *Table) Ratio(a, b int) (median, low, high float64) {
	r := make([]float64, len(t.Nanos[a]))
	for i := range r {
		r[i] = t.Nanos[a][i] / t.Nanos[b][i]
	}
	slices.Sort(r)
	n := float64(len(r))
	k := int(math.Floor(n/2 - 1.96*math.Sqrt(n)/2))
	k = max(k, 0)
	return Median(r), r[k], r[len(r)-1-k]
}

// Find returns the index of the way of that name, -1 if there is none.
func (t *Table) Find(name string) int {
	return slices.IndexFunc(t.Ways, func(w Way) bool { return w.Name == name })
}

// Print writes the table. Efficiency is that of 'workers' workers against the
// way named plain; ratios are against the way named base, below 1 is faster.
func (t *Table) Print(w io.Writer, title, plain, base string, workers int) {
	fmt.Fprintf(w, "\n%s (%d rounds)\n", title, len(t.Nanos[0]))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "way\tns/item\tmin\tmax\tefficiency\tagainst %s\t95 %%\t\n", base)
	p, b := t.Find(plain), t.Find(base)
	for i, way := range t.Ways {
		v := t.Nanos[i]
		med, low, high := t.Ratio(i, b)
		eff := 0.0
		if p >= 0 {
			e, _, _ := t.Ratio(p, i)
			eff = e / float64(workers)
		}
		fmt.Fprintf(tw, "%s\t%.4g\t%.4g\t%.4g\t%.2f\t%.3f\t%.3f–%.3f\t\n",
			way.Name, Median(v), slices.Min(v), slices.Max(v), eff, med, low, high)
	}
	tw.Flush()
}
