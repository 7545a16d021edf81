package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The page is a grid of two by two worlds, each with throughput above and
// workers below on one axis of time.
const (
	cellWidth, cellHeight = 440, 292
	left, right           = 56, 16
	upperTop, upperHeight = 56, 108
	lowerTop, lowerHeight = 184, 70
	head                  = 58
	plotWidth             = cellWidth - left - right
)

const style = `<style>
.pt{font-family:system-ui,-apple-system,"Segoe UI","Liberation Sans","DejaVu Sans",Arial,sans-serif}
.pt .bg{fill:#fff}
.pt .t{fill:#1a1d21}
.pt .m{fill:#555c66}
.pt .b{font-weight:600}
.pt .g{stroke:#e3e6ea;fill:none}
.pt .a{stroke:#8a929c;fill:none}
.pt .x{stroke:#0072b2;fill:none;stroke-width:2;stroke-linejoin:round}
.pt .xt{fill:#0072b2}
.pt .w{stroke:#d55e00;fill:none;stroke-width:2;stroke-linejoin:round}
.pt .wt{fill:#d55e00}
.pt .o{stroke:#555c66;fill:none;stroke-width:1.5;stroke-dasharray:5 4}
@media (prefers-color-scheme:dark){
.pt .bg{fill:#14171a}
.pt .t{fill:#e8eaed}
.pt .m{fill:#a4acb6}
.pt .g{stroke:#2a2f35}
.pt .a{stroke:#78818c}
.pt .x{stroke:#56b4e9}
.pt .xt{fill:#56b4e9}
.pt .w{stroke:#f08c3a}
.pt .wt{fill:#f08c3a}
.pt .o{stroke:#a4acb6}
}
</style>
`

func chart(ws []world) string {
	var b strings.Builder
	height := head + cellHeight*((len(ws)+1)/2)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="pt" role="img" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n", 2*cellWidth, height, 2*cellWidth, height)
	b.WriteString("<title>How Auto finds the number</title>\n<desc>")
	for _, w := range ws {
		fmt.Fprintf(&b, "A server that %s: %s. ", html.EscapeString(w.name), w.note)
	}
	b.WriteString("</desc>\n" + style + `<rect class="bg" width="100%" height="100%"/>` + "\n")
	text(&b, 16, 28, 16, "t b", "start", "How Auto finds the number")
	text(&b, 16, 46, 12, "m", "start", "simulated; a loop begins with 32 workers and no hint · dashed: what there is to reach")
	for i, w := range ws {
		fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n", i%2*cellWidth, head+i/2*cellHeight)
		w.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (w world) draw(b *strings.Builder) {
	text(b, 16, 18, 13, "t b", "start", "A server that "+w.name)
	text(b, 16, 35, 12, "m", "start", w.note)

	most := slices.Max(w.done)
	for _, s := range w.best {
		most = max(most, s.best)
	}
	top := nice(1.05 * most)
	y := func(x float64) float64 { return upperTop + upperHeight*(1-x/top) }
	for i := range 3 {
		v := top * float64(i) / 2
		grid(b, y(v), group(v))
	}
	text(b, left+4, upperTop-4, 11, "xt", "start", "successes a second")
	for i, s := range w.best {
		end := w.until
		if i+1 < len(w.best) {
			end = w.best[i+1].from
		}
		x := func(at time.Duration) string { return num(left + plotWidth*float64(at)/float64(w.until)) }
		fmt.Fprintf(b, `<path class="o" d="M%s %sH%s"/>`+"\n", x(s.from), num(y(s.best)), x(end))
	}
	var d strings.Builder
	for i, x := range w.done {
		point(&d, i > 0, left+plotWidth*(float64(i)+0.5)/stretches, y(x))
	}
	fmt.Fprintf(b, `<path class="x" d="%s"/>`+"\n", d.String())

	// Workers are drawn on a logarithmic scale, as they are changed by factors.
	yw := func(n float64) float64 { return lowerTop + lowerHeight*(1-math.Log10(max(n, 1))/3) }
	for _, n := range []float64{1, 10, 100, 1000} {
		grid(b, yw(n), group(n))
	}
	text(b, left+4, lowerTop-4, 11, "wt", "start", "workers")
	d.Reset()
	for i, n := range w.workers {
		switch {
		case i == 0:
			point(&d, false, left, yw(float64(n)))
		case n != w.workers[i-1]:
			fmt.Fprintf(&d, "H%dV%s", left+i, num(yw(float64(n))))
		}
	}
	fmt.Fprintf(&d, "H%d", left+plotWidth)
	fmt.Fprintf(b, `<path class="w" d="%s"/>`+"\n", d.String())

	for i := range 5 {
		at := w.until * time.Duration(i) / 4
		x := left + plotWidth*float64(i)/4
		anchor := "middle"
		if i == 4 {
			anchor = "end"
		}
		text(b, x, lowerTop+lowerHeight+16, 11, "m", anchor, strconv.FormatFloat(at.Seconds(), 'g', -1, 64)+" s")
	}
}

func grid(b *strings.Builder, y float64, label string) {
	fmt.Fprintf(b, `<path class="g" d="M%d %sH%d"/>`+"\n", left, num(y), left+plotWidth)
	text(b, left-6, y+4, 11, "m", "end", label)
}

func text(b *strings.Builder, x, y float64, size int, class, anchor, s string) {
	fmt.Fprintf(b, `<text x="%s" y="%s" font-size="%d" class="%s"`, num(x), num(y), size, class)
	if anchor != "start" {
		fmt.Fprintf(b, ` text-anchor="%s"`, anchor)
	}
	fmt.Fprintf(b, ">%s</text>\n", html.EscapeString(s))
}

func point(d *strings.Builder, line bool, x, y float64) {
	c := "M"
	if line {
		c = "L"
	}
	fmt.Fprintf(d, "%s%s %s", c, num(x), num(y))
}

// num is a coordinate to a tenth of a pixel.
func num(x float64) string { return strconv.FormatFloat(math.Round(10*x)/10, 'f', -1, 64) }

// group is a whole number with commas.
func group(x float64) string {
	s := strconv.FormatFloat(math.Round(x), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
