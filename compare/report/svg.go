package report

import (
	_ "embed"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// svgStyle colours a drawing for light and dark. The palette is Okabe and
// Ito's, which colour-blind readers can tell apart; markers and dashes say the
// same again.
//
//go:embed plot.css
var svgStyle string

// Size is the size of a drawing in pixels; zero is 860 × 520, and less than
// 320 × 280 is that. The legend of an overlay may make it higher.
type Size struct{ Width, Height float64 }

// WriteSVG draws the plot as one SVG file that needs nothing beside it and
// follows the reader's light or dark setting. It costs a few milliseconds.
func (p *Plot) WriteSVG(w io.Writer, size Size) error {
	_, err := io.WriteString(w, p.svg(size, svgStyle))
	return err
}

// WriteSVG draws a report's grid, or its sweep if it has no grid.
func WriteSVG(w io.Writer, r *Report, size Size) error { return View{}.WriteSVG(w, r, size) }

// WriteSVG draws a report's grid, or its sweep if it has no grid.
func (v View) WriteSVG(w io.Writer, r *Report, size Size) error {
	p := v.Plot(r.Drawn())
	p.Subtitle = strings.Join(r.sources(), "\n")
	return p.WriteSVG(w, size)
}

// sources says where the numbers come from, a line for each file of an overlay.
func (r *Report) sources() []string {
	if len(r.Sources) > 0 {
		return r.Sources
	}
	if s := r.subtitle(); s != "" {
		return []string{s}
	}
	return nil
}

func (r *Report) subtitle() string {
	var parts []string
	if r.Machine.Cores > 0 {
		parts = append(parts, plural(r.Machine.Cores, "core"))
	}
	if r.Machine.Go != "" {
		parts = append(parts, r.Machine.Go+" "+r.Machine.OS+"/"+r.Machine.Arch)
	}
	if r.API.Latency > 0 {
		parts = append(parts, shortDuration(float64(r.API.Latency))+" an answer")
	}
	if !r.Started.IsZero() {
		parts = append(parts, r.Started.Format("2006-01-02"))
	}
	if len(r.Checks.Problems) > 0 {
		parts = append(parts, "WRONG ANSWERS")
	}
	return strings.Join(parts, " · ")
}

func (p *Plot) view() View { return View{Linear: p.Linear, Throughput: p.Throughput} }

// drawing is a plot on its way to SVG.
type drawing struct {
	*Plot
	strings.Builder
	w, h float64
	area box // of the lines
	x, y scale
	obstacles
}

const (
	titleSize = 16.0
	labelSize = 12.0
	noteSize  = 11.0
)

// fit is the size that a drawing gets: the legend of an overlay may need more
// than was asked for.
func (p *Plot) fit(size Size) Size {
	if size.Width <= 0 || size.Height <= 0 {
		size = Size{860, 520}
	}
	least := 280.0
	if slices.ContainsFunc(p.Lines, func(l Line) bool { return l.File != "" }) {
		least += 20*float64(len(p.Lines)) + 2*(labelSize+4)*float64(strings.Count(p.Subtitle, "\n"))
	}
	return Size{max(size.Width, 320), max(size.Height, least)}
}

// svg draws; style is put inside, or nothing where the page has it.
func (p *Plot) svg(size Size, style string) string {
	size = p.fit(size)
	d := &drawing{Plot: p, w: size.Width, h: size.Height}
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" class="pf" role="img" viewBox="0 0 %s %s" width="%s" height="%s">`+"\n",
		px(d.w), px(d.h), px(d.w), px(d.h))
	title := p.Title
	if title == "" || len(p.Lines) == 0 {
		title = "Nothing measured yet"
	}
	fmt.Fprintf(d, "<title>%s</title>\n", escape(title))
	if desc := p.describe(); desc != "" {
		fmt.Fprintf(d, "<desc>%s</desc>\n", escape(desc))
	}
	fmt.Fprintf(d, "<metadata>%s</metadata>\n", Schema)
	if style != "" {
		fmt.Fprintf(d, "<style>\n%s</style>\n", style)
	}
	d.WriteString(`<rect class="bg" width="100%" height="100%"/>` + "\n")
	top := d.heading(title)
	top = d.legend(top)
	bottom := d.footnote()
	d.frame(top, bottom)
	d.lines()
	d.marks()
	d.WriteString("</svg>\n")
	return d.String()
}

// describe is the drawing in words, for those who don't see it.
func (p *Plot) describe() string {
	var parts []string
	v := p.view()
	for _, l := range p.Lines {
		if n := len(l.Points); n > 0 && !l.Ideal {
			a, b := l.Points[0], l.Points[n-1]
			parts = append(parts, fmt.Sprintf("%s: %s at %g to %s at %g %s.", l.Name, v.value(a.Mid), a.X, v.value(b.Mid), b.X, p.XLabel))
		}
	}
	for _, m := range p.Marks {
		parts = append(parts, m.Text+".")
	}
	return strings.Join(parts, " ")
}

// text writes one label.
func (d *drawing) text(x, y, size float64, class, anchor, s string) {
	fmt.Fprintf(d, `<text x="%s" y="%s" font-size="%s" class="%s"`, px(x), px(y), px(size), class)
	if anchor != "" {
		fmt.Fprintf(d, ` text-anchor="%s"`, anchor)
	}
	fmt.Fprintf(d, ">%s</text>\n", escape(s))
}

func (d *drawing) heading(title string) (y float64) {
	y = 12
	for _, line := range wrapWidth(title, titleSize, d.w-32) {
		y += titleSize + 2
		d.text(16, y, titleSize, "t b", "", line)
	}
	for _, part := range strings.Split(d.Subtitle, "\n") {
		for _, line := range wrapWidth(part, labelSize, d.w-32) {
			y += labelSize + 4
			d.text(16, y, labelSize, "m", "", line)
		}
	}
	return y + 10
}

// legend lists the lines above the plot, where it can't cover one.
func (d *drawing) legend(y float64) float64 {
	const sample, gap, row = 34.0, 18.0, 20.0
	x := 16.0
	y += row / 2
	looks := d.looks()
	for i, l := range d.Lines {
		width := sample + 6 + textWidth(l.Name, labelSize)
		if x > 16 && x+width > d.w-16 {
			x, y = 16, y+row
		}
		d.stroke(l, looks[i], fmt.Sprintf("M%s %sH%s", px(x), px(y), px(x+sample)))
		if !l.Ideal {
			d.marker(looks[i], x+sample/2, y, false)
		}
		d.text(x+sample+6, y+4, labelSize, "t", "", l.Name)
		x += width + gap
	}
	return y + row/2 + 6
}

// footnote explains the signs, and returns where the space above it ends.
func (d *drawing) footnote() float64 {
	band, few := false, false
	for _, l := range d.Lines {
		for _, p := range l.Points {
			band = band || p.Hi > p.Lo
			few = few || !l.Ideal && p.N < minimumRuns
		}
	}
	var parts []string
	if band {
		parts = append(parts, "line: median; band: fastest to slowest run")
	}
	if few {
		parts = append(parts, fmt.Sprintf("hollow: fewer than %d runs", minimumRuns))
	}
	lines := wrapWidth(strings.Join(parts, " · "), noteSize, d.w-32)
	y := d.h - 12 - float64(len(lines))*(noteSize+3)
	for i, line := range lines {
		d.text(16, y+float64(i+1)*(noteSize+3), noteSize, "m", "", line)
	}
	return y
}

// values collects one coordinate of every point.
func (d *drawing) values(pick func(Point) []float64) []float64 {
	var v []float64
	for _, l := range d.Lines {
		for _, p := range l.Points {
			for _, f := range pick(p) {
				if d.drawable(f) {
					v = append(v, f)
				}
			}
		}
	}
	return v
}

func (d *drawing) drawable(v float64) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (v > 0 || d.Linear && v >= 0)
}

// points of a line that the axes have a place for.
func (d *drawing) points(l Line) []Point {
	return slices.DeleteFunc(slices.Clone(l.Points), func(p Point) bool {
		return !(d.drawable(p.X) && d.drawable(p.Mid) && d.drawable(p.Lo) && d.drawable(p.Hi))
	})
}

func escape(s string) string { return html.EscapeString(clean(s)) }

// px writes a coordinate with a tenth of a pixel.
func px(v float64) string {
	s := fmt.Sprintf("%.1f", v)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}
