package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// canvas is a chart of characters; row 0 is the top.
type canvas struct {
	cells [][]rune
	width int
	ticks []float64             // one per row, from the top
	warp  func(float64) float64 // straightens both axes: the logarithm, or nothing
	x     func(float64) int
	row   func(warped float64) int
}

const (
	chartWidth  = 64
	labelWidth  = 7 // "500 ms "
	mostRows    = 13
	dotRune     = '·'
	sharedRune  = '*'
	fewestTicks = 4
)

// Chart draws a grid's medians on two axes, logarithmic unless the view says
// otherwise: a series' letter at each size that was measured, dots between
// them, * where several meet. A grid without a measured cell draws nothing.
func (t Text) Chart(g *Grid) string {
	if g == nil {
		return ""
	}
	lines := t.View.lines(g)
	if len(lines) == 0 {
		return ""
	}
	legend := chartLegend(lines)
	widest := 0
	for _, l := range legend {
		widest = max(widest, utf8.RuneCountInString(l))
	}
	// The legend stands beside the chart where there is room, below where not.
	width := min(chartWidth, t.width()-labelWidth-3-widest)
	c := newCanvas(lines, max(width, 1), t.View.Linear)
	beside := width >= 40 && len(legend) <= len(c.cells)
	if !beside {
		width = min(chartWidth, t.width()-labelWidth-1)
		c = newCanvas(lines, width, t.View.Linear)
	}
	for _, l := range lines {
		c.connect(l)
	}
	for _, l := range lines {
		c.mark(l)
	}
	var b strings.Builder
	if t.View.Throughput {
		b.WriteString(clean(g.perSecond()) + "\n")
	}
	for i, row := range c.cells {
		line := right(t.View.tick(c.ticks[i]), labelWidth-1) + " " + string(row)
		if beside && i < len(legend) {
			line = left(line, labelWidth+width+2) + legend[i]
		}
		b.WriteString(trimLine(line))
	}
	axis, name := c.xAxis(g), clean(g.Axis)+t.View.axes()
	if utf8.RuneCountInString(axis)+1+utf8.RuneCountInString(name) <= t.width() {
		b.WriteString(axis + " " + name + "\n")
	} else {
		b.WriteString(axis + "\n" + strings.Repeat(" ", labelWidth) + cut(name, width) + "\n")
	}
	if !beside {
		b.WriteString(t.listed(legend))
	}
	return b.String()
}

// listed sets the entries of a legend in rows, none broken in two.
func (t Text) listed(entries []string) string {
	indent := strings.Repeat(" ", labelWidth)
	var b strings.Builder
	line := ""
	for _, e := range entries {
		e = cut(e, t.width()-labelWidth)
		if line != "" && labelWidth+utf8.RuneCountInString(line)+3+utf8.RuneCountInString(e) > t.width() {
			b.WriteString(indent + line + "\n")
			line = ""
		}
		if line != "" {
			line += " · "
		}
		line += e
	}
	b.WriteString(indent + line + "\n")
	return b.String()
}

func chartLegend(lines []Line) []string {
	var s []string
	for _, l := range lines {
		s = append(s, clean(string(l.letter())+" "+l.Name))
	}
	switch {
	case len(lines) == 2:
		s = append(s, "* both")
	case len(lines) > 2:
		s = append(s, "* several")
	}
	return s
}

// newCanvas chooses the scales. Rows are the ticks 1-2-5 of the range, which
// lie nearly evenly on a logarithmic axis, so that every row has a round label.
// On linear axes, which begin at zero, they are equal steps.
func newCanvas(lines []Line, width int, linear bool) *canvas {
	xlo, xhi, ylo, yhi := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, p := range l.Points {
			xlo, xhi = min(xlo, p.X), max(xhi, p.X)
			ylo, yhi = min(ylo, p.Mid), max(yhi, p.Mid)
		}
	}
	ticks, warp := rowTicks(ylo, yhi), math.Log
	if linear {
		ticks, warp = evenTicks(yhi), func(v float64) float64 { return v }
		xlo = 0
	}
	c := &canvas{width: width, ticks: ticks, warp: warp}
	for range ticks {
		c.cells = append(c.cells, []rune(strings.Repeat(" ", width)))
	}
	top, bottom := warp(ticks[0]), warp(ticks[len(ticks)-1])
	c.row = func(warped float64) int {
		row := int(math.Round((top - warped) / (top - bottom) * float64(len(ticks)-1)))
		return min(max(row, 0), len(ticks)-1)
	}
	c.x = func(v float64) int {
		if xhi == xlo {
			return width / 2
		}
		return int(math.Round((warp(v) - warp(xlo)) / (warp(xhi) - warp(xlo)) * float64(width-1)))
	}
	return c
}

// rowTicks are the row values, largest first: 1-2-5 a decade, thinner where
// the range is wide.
func rowTicks(lo, hi float64) []float64 {
	for _, steps := range [][]float64{{1, 2, 5}, {1, 3}, {1}} {
		var up []float64
		for e := math.Floor(math.Log10(lo)) - 2; e <= math.Ceil(math.Log10(hi))+2; e++ {
			for _, s := range steps {
				up = append(up, s*math.Pow(10, e))
			}
		}
		first, last := 0, len(up)-1
		// A tick 4 % off still labels its row: without that slack 2.01 s would
		// cost a row for 5 s.
		for first+1 < len(up) && up[first+1] <= lo*1.04 {
			first++
		}
		for last > 0 && up[last-1] >= hi/1.04 {
			last--
		}
		for last-first+1 < fewestTicks {
			if last++; last-first+1 < fewestTicks && first > 0 {
				first--
			}
		}
		ticks := up[first:min(last+1, len(up))]
		if len(ticks) <= mostRows || len(steps) == 1 {
			down := make([]float64, len(ticks))
			for i, v := range ticks {
				down[len(ticks)-1-i] = v
			}
			return down
		}
	}
	return nil
}

// evenTicks are equal steps from zero, largest first.
func evenTicks(hi float64) []float64 {
	step := math.Pow(10, math.Floor(math.Log10(hi))-1)
	for _, f := range []float64{1, 2, 5, 10} {
		if n := math.Ceil(hi / (step * f)); n < mostRows {
			var down []float64
			for ; n >= 0; n-- {
				down = append(down, n*step*f)
			}
			return down
		}
	}
	return []float64{hi, 0}
}

func (c *canvas) y(v float64) int { return c.row(c.warp(v)) }

// connect draws the dots between neighbouring points.
func (c *canvas) connect(l Line) {
	for i := 1; i < len(l.Points); i++ {
		a, b := l.Points[i-1], l.Points[i]
		xa, xb := c.x(a.X), c.x(b.X)
		for x := xa + 1; x < xb; x++ {
			f := float64(x-xa) / float64(xb-xa)
			y := c.row(c.warp(a.Mid) + f*(c.warp(b.Mid)-c.warp(a.Mid)))
			if c.cells[y][x] == ' ' {
				c.cells[y][x] = dotRune
			}
		}
	}
}

// mark writes the letters; a letter that meets another one becomes a star.
func (c *canvas) mark(l Line) {
	letter := l.letter()
	for _, p := range l.Points {
		cell := &c.cells[c.y(p.Mid)][c.x(p.X)]
		if *cell == ' ' || *cell == dotRune || *cell == letter {
			*cell = letter
		} else {
			*cell = sharedRune
		}
	}
}

// letter is the one on the chart; a series without one gets an o.
func (l Line) letter() rune {
	r, _ := utf8.DecodeRuneInString(clean(l.Letter) + "o")
	return r
}

// xAxis labels the sizes below their columns: the first and the last one, and
// between them those that have room.
func (c *canvas) xAxis(g *Grid) string {
	var sizes []int
	for _, size := range g.Sizes {
		if size > 0 && measured(g, size) {
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	line := []rune(strings.Repeat(" ", labelWidth+c.width+8))
	place := func(size int) (at, end int) {
		s := fmt.Sprint(size)
		at = max(0, min(labelWidth+c.x(float64(size)), labelWidth+c.width-len(s)))
		return at, at + len(s)
	}
	end, next := 0, 0
	for i, size := range sizes {
		at, stop := place(size)
		if last := len(sizes) - 1; i < last {
			if lastAt, _ := place(sizes[last]); at < next || stop >= lastAt {
				continue
			}
		}
		copy(line[at:], []rune(fmt.Sprint(size)))
		end, next = stop, stop+1
	}
	return string(line[:end])
}

func measured(g *Grid, size int) bool {
	for _, s := range g.Series {
		if b := g.Cell(size, s.Key).times(); b.N > 0 && b.Min >= shortest && b.Max <= longest {
			return true
		}
	}
	return false
}
