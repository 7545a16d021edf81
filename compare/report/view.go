package report

import (
	"fmt"
	"math"
	"strings"
)

// View is how a chart shows what was measured. The zero value is how compare
// draws: times, on logarithmic axes.
type View struct {
	Linear     bool // axes begin at zero; otherwise both are logarithmic
	Throughput bool // what was done per second, instead of how long it took
}

// Plot makes the plot of a grid: one line per series, the ideal line, and the
// places where one series durably overtakes another. Sizes and times that are
// not above zero are left out, since a logarithmic axis has no place for them.
// An overlay has no ideal and no crossovers: its files were measured apart.
func (v View) Plot(g *Grid) *Plot {
	p := &Plot{XLabel: "requests", YLabel: "time", Linear: v.Linear, Throughput: v.Throughput}
	if g == nil {
		return p
	}
	p.XLabel = g.Axis
	p.Title = "Time by number of " + g.Axis
	p.Lines = gridLines(g)
	if !g.overlay() {
		if ideal, ok := idealLine(g); ok {
			p.Lines = append(p.Lines, ideal)
		}
		p.Marks = crossovers(g)
	}
	if v.Throughput {
		p.Title = "Throughput by number of " + g.Axis
		p.YLabel = g.perSecond()
		g.invert(p)
	}
	return p
}

// lines are the measured ones, for the terminal.
func (v View) lines(g *Grid) []Line {
	p := Plot{Lines: gridLines(g)}
	if v.Throughput {
		g.invert(&p)
	}
	return p.Lines
}

// invert turns times into what was done per second. A place on a straight line
// between two points stays on it, so marks turn with their lines.
func (g *Grid) invert(p *Plot) {
	for _, l := range p.Lines {
		for i, q := range l.Points {
			done := g.done(q.X)
			l.Points[i] = Point{X: q.X, Mid: done / q.Mid, Lo: done / q.Hi, Hi: done / q.Lo, N: q.N}
		}
	}
	for i, m := range p.Marks {
		p.Marks[i].Y = g.done(m.X) / m.Y
	}
}

// done is how much a run at x does: as much as the axis says, or, where that
// counts workers, the same everywhere.
func (g *Grid) done(x float64) float64 {
	if g.sweep() {
		return float64(max(g.Items, 1))
	}
	return x
}

func (g *Grid) perSecond() string {
	if g.sweep() {
		return "items per second"
	}
	return g.Axis + " per second"
}

// figure writes the median of a grid's cell.
func (v View) figure(g *Grid, c *Cell) string {
	median := c.times().Median
	if v.Throughput {
		return perSecond(g.done(float64(c.Size)) / median)
	}
	return duration(median)
}

// value and tick write a number of the vertical axis, exact and round.
func (v View) value(n float64) string {
	if v.Throughput {
		return perSecond(n)
	}
	return duration(n)
}

func (v View) tick(n float64) string {
	if v.Throughput {
		return shortNumber(n)
	}
	return shortDuration(n)
}

func (v View) axes() string {
	if v.Linear {
		return " (linear)"
	}
	return " (log-log)"
}

func perSecond(n float64) string {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return missing
	}
	return thousands(n, significant) + "/s"
}

// shortNumber drops what a round value doesn't need: "0.5", "20k", "1M".
func shortNumber(n float64) string {
	return thousands(n, func(v float64, digits int) string {
		s := significant(v, digits)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s
	})
}

// thousands takes a large number apart: three digits and a letter.
func thousands(n float64, write func(float64, int) string) string {
	switch {
	case n >= 999.5e9:
		return fmt.Sprintf("%.0e", n)
	case n >= 999.5e6:
		return write(n/1e9, 3) + "G"
	case n >= 999.5e3:
		return write(n/1e6, 3) + "M"
	case n >= 9995:
		return write(n/1e3, 3) + "k"
	case n >= 999.5:
		return count(int(math.Round(n)))
	case n > 0 && n < 1e-4:
		return fmt.Sprintf("%.0e", n)
	}
	return write(n, 3)
}
