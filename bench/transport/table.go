//go:build unix

package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"parfor.dev/parfor/bench/paired"
)

// row is one way of a table.
type row struct {
	name  string
	batch int         // messages a call; 0 where there are no calls to count
	run   func(n int) // does it for n messages
	most  int         // messages in a round, 0 for no bound
}

func (r row) calls() string {
	if r.batch == 0 {
		return "–"
	}
	return fmt.Sprint(r.batch)
}

// chosen drops the rows that nobody asked for.
func (b *bench) chosen(rows []row) []row {
	return slices.DeleteFunc(rows, func(r row) bool {
		return r.name != limit && !b.wanted.MatchString(r.name)
	})
}

// base is the row that a row's ratio is to: the limit with as many messages a
// call.
func base(rows []row, r row) int {
	best := -1
	for i, l := range rows {
		if l.name == limit && (best < 0 || l.batch == r.batch) {
			best = i
		}
	}
	return best
}

// tuned finds how many messages take as long as a way should in a round.
func tuned(r row) paired.Way {
	most := 1 << 23
	if r.most > 0 {
		most = r.most
	}
	n := 256
	for {
		begin := time.Now()
		r.run(n)
		took := time.Since(begin)
		if took > *long/4 || n == most {
			n = int(float64(n) * float64(*long) / float64(took))
			break
		}
		n = min(4*n, most)
	}
	n = max(256, min(n, most)) / 64 * 64
	return paired.Way{Name: r.name, N: n, Run: func() { r.run(n) }}
}

// measure is a table of times a message.
func (b *bench) measure(title string, rows []row) {
	rows = b.chosen(rows)
	var ways []paired.Way
	for _, r := range rows {
		ways = append(ways, tuned(r))
	}
	t := paired.Measure(ways, *rounds, *seed)
	fmt.Printf("\n%s (%d rounds)\n", title, *rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "way\ta call\tns each\tmin\tmax\tmillions/s\t× the limit\t95 %%\t\n")
	for i, r := range rows {
		v := t.Nanos[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.name, r.calls(), spread(v, 1), digits(1e3/paired.Median(v)), ratio(t, i, base(rows, r)))
	}
	must(w.Flush())
}

func ratio(t *paired.Table, a, b int) string {
	median, low, high := t.Ratio(a, b)
	return fmt.Sprintf("%s\t%s–%s\t", digits(median), digits(low), digits(high))
}

// spread is the median, least and most, in units.
func spread(nanos []float64, unit float64) string {
	return digits(paired.Median(nanos)/unit) + "\t" + digits(slices.Min(nanos)/unit) + "\t" + digits(slices.Max(nanos)/unit)
}

// digits prints three of them, or all before the point.
func digits(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
