package report

import (
	"fmt"
	"math"

	"parfor.dev/parfor/compare/stat"
)

// Advise writes the sentences that follow from the numbers of the grid and of
// the sweep. It claims a difference only where both sides have at least 5 runs, the bands
// are apart and the Mann–Whitney test agrees (p < 0.05); it says so where it
// can't, and it says nothing about sizes that were not measured.
func Advise(r *Report) []string {
	if n := len(r.Checks.Problems); n > 0 {
		return []string{fmt.Sprintf("No advice: %s found, so the times may be those of wrong answers.", plural(n, "problem"))}
	}
	return append(adviseGrid(r, r.Grid), adviseSweep(r.Sweep)...)
}

func adviseGrid(r *Report, g *Grid) []string {
	if g == nil || len(g.Series) < 2 {
		return nil
	}
	size, ok := g.verdictSize()
	if !ok {
		return []string{fmt.Sprintf("No verdict: no size has %d runs on two sides; a larger --budget or --runs gives them.", minimumRuns)}
	}
	advice := []string{g.choose(size, r.API.URL != "")}
	if s := g.catchUp(size); s != "" {
		advice = append(advice, s)
	}
	if s := g.tooSmall(); s != "" {
		advice = append(advice, s)
	}
	return advice
}

// versus is what two cells of one size say about each other.
type versus struct {
	times  float64 // how many times faster the second is
	apart  bool    // bands share no value
	p      float64
	enough bool // runs on both sides
}

func compareCells(base, c *Cell) versus {
	a, b := base.times(), c.times()
	v := versus{times: a.Median / b.Median, p: math.NaN()}
	if a.N < minimumRuns || b.N < minimumRuns {
		return v
	}
	v.enough = true
	v.apart = !a.Overlaps(b)
	if t, err := stat.MannWhitney(samples(base.Runs, took), samples(c.Runs, took)); err == nil {
		v.p = t.P
	}
	return v
}

// differs is a verdict.
func (v versus) differs() bool { return v.enough && v.apart && v.p < 0.05 }

func (v versus) evidence() string {
	if v.apart {
		return "bands apart, " + pvalue(v.p)
	}
	return "bands overlap, " + pvalue(v.p)
}

// verdictSize is the largest size at which the first series and another one
// have runs enough; failing that, any two.
func (g *Grid) verdictSize() (int, bool) {
	best := 0
	for _, withBase := range []bool{true, false} {
		for _, size := range g.Sizes {
			n := 0
			for i, s := range g.Series {
				enough := g.Cell(size, s.Key).times().N >= minimumRuns
				n += btoi(enough)
				if i == 0 && !enough && withBase {
					n = -len(g.Series)
				}
			}
			if n >= 2 && size > best {
				best = size
			}
		}
		if best > 0 {
			return best, true
		}
	}
	return 0, false
}

// choose names the fastest series at a size and says against what.
func (g *Grid) choose(size int, api bool) string {
	var base, best *Series
	for i := range g.Series {
		s := &g.Series[i]
		b := g.Cell(size, s.Key).times()
		if b.N < minimumRuns {
			continue
		}
		if base == nil {
			base = s
		}
		if best == nil || b.Median < g.Cell(size, best.Key).times().Median {
			best = s
		}
	}
	if best == base {
		// The plain loop, or whatever stands first, has the best median: is that a finding?
		next := g.nextBest(size, base)
		v := compareCells(g.Cell(size, next.Key), g.Cell(size, base.Key))
		if v.differs() {
			return fmt.Sprintf("Keep %s: at %s it was %s than %s (%s).", base.Name, g.at(size), timesFaster(v.times), next.Name, v.evidence())
		}
		return fmt.Sprintf("No measurable difference between %s and %s at %s (%s).", base.Name, next.Name, g.at(size), v.evidence())
	}
	v := compareCells(g.Cell(size, base.Key), g.Cell(size, best.Key))
	if !v.differs() {
		return fmt.Sprintf("No measurable difference between %s and %s at %s (%s).", base.Name, best.Name, g.at(size), v.evidence())
	}
	if best.Executor == "goroutines" && best.InFlight > 1 {
		use := "Use goroutines"
		if api {
			use += ", as many in flight as the API allows"
		}
		return fmt.Sprintf("%s: %d made this loop %s at %s (bands apart, %s).", use, best.InFlight, timesFaster(v.times), g.at(size), pvalue(v.p))
	}
	return fmt.Sprintf("Use %s: %s than %s at %s (%s).", best.Name, timesFaster(v.times), base.Name, g.at(size), v.evidence())
}

func (g *Grid) nextBest(size int, not *Series) *Series {
	var best *Series
	for i := range g.Series {
		s := &g.Series[i]
		b := g.Cell(size, s.Key).times()
		if s == not || b.N < minimumRuns {
			continue
		}
		if best == nil || b.Median < g.Cell(size, best.Key).times().Median {
			best = s
		}
	}
	return best
}

// within is how close a median must come to count as caught up.
const within = 1.1

// catchUp says from which size on the medians of processes stay within a tenth
// of those of goroutines. Where these come from too few runs for a verdict it
// only describes them, with their number.
func (g *Grid) catchUp(verdict int) string {
	gor, pro := g.byExecutor("goroutines"), g.byExecutor("processes")
	if gor == nil || pro == nil {
		return ""
	}
	if v := compareCells(g.Cell(verdict, gor.Key), g.Cell(verdict, pro.Key)); v.differs() && v.times > 1 {
		return "" // choose has named them already
	}
	from, last, few, many := 0, 0, 0, 0
	for _, size := range g.Sizes {
		a, b := g.Cell(size, gor.Key).times(), g.Cell(size, pro.Key).times()
		if a.N == 0 || b.N == 0 {
			continue
		}
		last = size
		behind := b.Median > a.Median*within
		if behind || from == 0 {
			from, few, many = size, a.N, b.N
		}
		few, many = min(few, a.N, b.N), max(many, a.N, b.N)
		if behind {
			from = 0
		}
	}
	const purpose = "take them for bodies that crash, hang or leak"
	switch {
	case last == 0:
		return ""
	case from == 0 && few < minimumRuns:
		return fmt.Sprintf("Processes' median at %s was more than a tenth above goroutines' (%s); %s.", g.at(last), runRange(few, many), purpose)
	case from == 0:
		return fmt.Sprintf("Processes stayed more than a tenth behind up to %s; %s, not for speed.", g.at(last), purpose)
	case few < minimumRuns:
		return fmt.Sprintf("Processes' medians are within a tenth from %s on (%s); %s.", g.at(from), runRange(few, many), purpose)
	}
	return fmt.Sprintf("Processes catch up from %s on; %s, not for speed.", g.at(from), purpose)
}

func runRange(few, many int) string {
	if few == many {
		return plural(few, "run")
	}
	return fmt.Sprintf("%d to %d runs", few, many)
}

// tooSmall names the largest size at which processes were slower than the
// first series, beyond doubt.
func (g *Grid) tooSmall() string {
	pro := g.byExecutor("processes")
	if pro == nil || pro.Key == g.Series[0].Key {
		return ""
	}
	at := 0
	for _, size := range g.Sizes {
		v := compareCells(g.Cell(size, g.Series[0].Key), g.Cell(size, pro.Key))
		if v.differs() && v.times < 1 && size > at {
			at = size
		}
	}
	if at == 0 {
		return ""
	}
	why := ""
	if pro.StartIncluded {
		why = ": they have to start first"
	}
	return fmt.Sprintf("Up to %s processes were slower than %s%s.", g.at(at), g.Series[0].Name, why)
}

func (g *Grid) byExecutor(name string) *Series {
	for i := range g.Series {
		if g.Series[i].Executor == name {
			return &g.Series[i]
		}
	}
	return nil
}

// at is a size with its word: "100 requests".
func (g *Grid) at(size int) string { return fmt.Sprintf("%d %s", size, g.Axis) }

// timesFaster is "13 times faster", or "8 % faster" where that reads better.
func timesFaster(x float64) string {
	if x < 1.5 {
		return fmt.Sprintf("%.0f %% faster", (x-1)*100)
	}
	if x >= 9.95 {
		return fmt.Sprintf("%.0f times faster", x)
	}
	return fmt.Sprintf("%.1f times faster", x)
}
