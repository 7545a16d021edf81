package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Plot is a chart before it is drawn: lines with bands, and what to point at.
// Build it with [NewPlot]; change what you like; draw it with [Plot.WriteSVG].
type Plot struct {
	Title    string
	Subtitle string // may have several lines
	XLabel   string
	YLabel   string
	Linear   bool // both axes; otherwise both are logarithmic
	// Throughput: points are numbers per second, and not seconds.
	Throughput bool
	Lines      []Line
	Marks      []Mark // crossovers; at most a few stay readable
}

// Line is one series of a plot.
type Line struct {
	Name   string
	Letter string
	File   string  // of an overlay: lines of a file share a colour
	Points []Point // by rising X
	Ideal  bool    // thin, dashed, without markers: what could be reached
}

// Point is one measured size: a median between the fastest and the slowest run.
type Point struct {
	X           float64
	Mid, Lo, Hi float64
	N           int // runs
}

// Mark points at a place between two measured points.
type Mark struct {
	X, Y float64
	Text string
}

// NewPlot makes the plot of a grid as compare draws it; [View.Plot] has the rest.
func NewPlot(g *Grid) *Plot { return View{}.Plot(g) }

// What a logarithmic axis has a place for; outside it is a broken file.
const (
	shortest = 1e-9 // a nanosecond
	longest  = 1e10 // three centuries
)

// gridLines are the series that have points.
func gridLines(g *Grid) []Line {
	var lines []Line
	for _, s := range g.Series {
		if pts := seriesPoints(g, s.Key); len(pts) > 0 {
			lines = append(lines, Line{Name: s.Name, Letter: s.Letter, File: s.File, Points: pts})
		}
	}
	return lines
}

func seriesPoints(g *Grid, key string) []Point {
	var pts []Point
	for i := range g.Cells {
		c := &g.Cells[i]
		if c.Series != key || c.Size <= 0 {
			continue
		}
		if b := c.times(); b.N > 0 && b.Min >= shortest && b.Max <= longest {
			pts = append(pts, Point{X: float64(c.Size), Mid: b.Median, Lo: b.Min, Hi: b.Max, N: b.N})
		}
	}
	slices.SortFunc(pts, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	return pts
}

// idealLine is the first series divided by what runs at once, where the
// first series was measured: nothing is extrapolated. A sweep divides by its
// own axis, from its smallest size on unless the first series is sequential.
func idealLine(g *Grid) (Line, bool) {
	if len(g.Series) == 0 {
		return Line{}, false
	}
	base := seriesPoints(g, g.Series[0].Key)
	if len(base) < 2 {
		return Line{}, false
	}
	l := Line{Ideal: true}
	if g.sweep() {
		l.Name = fmt.Sprintf("ideal: %s / %s", g.Series[0].Name, g.Axis)
		for _, p := range base {
			v := p.Mid / p.X
			if g.Series[0].Executor != "sequential" {
				v = base[0].Mid * base[0].X / p.X
			}
			l.Points = append(l.Points, Point{X: p.X, Mid: v, Lo: v, Hi: v})
		}
		return l, true
	}
	if g.InFlight < 2 || len(g.Series) < 2 || g.Series[0].Executor != "sequential" {
		return Line{}, false
	}
	l.Name = fmt.Sprintf("ideal: %s / %d", g.Series[0].Name, g.InFlight)
	for _, p := range base {
		v := p.Mid / float64(g.InFlight)
		l.Points = append(l.Points, Point{X: p.X, Mid: v, Lo: v, Hi: v})
	}
	return l, true
}

// crossovers finds, for each pair of series, the size from which the one that
// began slower is faster. Only a single crossing after which the bands are
// apart counts; lines that touch and part again are noise.
func crossovers(g *Grid) []Mark {
	var marks []Mark
	for i, a := range g.Series {
		for _, b := range g.Series[i+1:] {
			if m, ok := crossover(g, a, b); ok {
				marks = append(marks, m)
			}
		}
	}
	return marks
}

func crossover(g *Grid, a, b Series) (Mark, bool) {
	pa, pb := common(seriesPoints(g, a.Key), seriesPoints(g, b.Key))
	var found Mark
	n := 0
	for i := 1; i < len(pa); i++ {
		before := math.Log(pb[i-1].Mid / pa[i-1].Mid)
		after := math.Log(pb[i].Mid / pa[i].Mid)
		if before*after >= 0 {
			continue
		}
		n++
		if bandsMeet(pa[i-1], pb[i-1]) || bandsMeet(pa[i], pb[i]) {
			return Mark{}, false
		}
		// Both lines are straight between measured sizes on log axes.
		f := before / (before - after)
		x := math.Exp(math.Log(pa[i-1].X) + f*math.Log(pa[i].X/pa[i-1].X))
		y := math.Exp(math.Log(pa[i-1].Mid) + f*math.Log(pa[i].Mid/pa[i-1].Mid))
		winner, loser := b, a
		if after > 0 {
			winner, loser = a, b
		}
		found = Mark{X: x, Y: y, Text: fmt.Sprintf("%s beats %s from about %s %s", winner.Name, loser.Name, axisNumber(math.Round(roundTo(x, 2))), g.Axis)}
	}
	return found, n == 1
}

func bandsMeet(a, b Point) bool { return a.Lo <= b.Hi && b.Lo <= a.Hi }

// common keeps the points at sizes that both have.
func common(a, b []Point) (ca, cb []Point) {
	for _, p := range a {
		if i := slices.IndexFunc(b, func(q Point) bool { return q.X == p.X }); i >= 0 {
			ca, cb = append(ca, p), append(cb, b[i])
		}
	}
	return ca, cb
}
