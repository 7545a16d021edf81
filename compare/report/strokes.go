package report

import (
	"fmt"
	"math"
	"strings"
)

// styles is how many colours, dashes and markers there are before they repeat.
const styles = 6

var dashes = [styles]string{"", "9 4", "2 4", "10 4 2 4", "5 3", "14 5"}

// corners of the polygon that marks a series; 0 is a circle. turn is in degrees.
var shapes = [styles]struct {
	corners int
	turn    float64
}{{0, 0}, {4, 45}, {3, -90}, {4, 0}, {3, 90}, {6, 0}}

// lines draws bands first, so that no band covers a line, then lines and markers.
func (d *drawing) lines() {
	for i, l := range d.Lines {
		if pts := d.points(l); !l.Ideal && len(pts) > 1 {
			var up, down strings.Builder
			for j, p := range pts {
				fmt.Fprintf(&up, "%s%s %s", step(j), px(d.x.at(p.X)), px(d.y.at(p.Hi)))
				q := pts[len(pts)-1-j]
				fmt.Fprintf(&down, "L%s %s", px(d.x.at(q.X)), px(d.y.at(q.Lo)))
			}
			fmt.Fprintf(d, `<path class="s%d n" d="%s%sZ"/>`+"\n", i%styles, up.String(), down.String())
		}
	}
	for i, l := range d.Lines {
		pts := d.points(l)
		var path strings.Builder
		for j, p := range pts {
			x, y := d.x.at(p.X), d.y.at(p.Mid)
			fmt.Fprintf(&path, "%s%s %s", step(j), px(x), px(y))
			if j > 0 {
				a := pts[j-1]
				d.obstacles.lines = append(d.obstacles.lines, segment{d.x.at(a.X), d.y.at(a.Mid), x, y})
			}
		}
		if len(pts) > 1 {
			d.stroke(l, i, path.String())
		}
	}
	for i, l := range d.Lines {
		if l.Ideal {
			continue
		}
		for _, p := range d.points(l) {
			x, y := d.x.at(p.X), d.y.at(p.Mid)
			fmt.Fprintf(d, "<g><title>%s</title>", escape(p.describe(l.Name, d.XLabel)))
			if lo, hi := d.y.at(p.Lo), d.y.at(p.Hi); len(l.Points) == 1 && lo != hi {
				// A lone point has no band: a whisker shows its spread.
				fmt.Fprintf(d, `<path class="s%d l" d="M%s %sV%s"/>`, i%styles, px(x), px(lo), px(hi))
			}
			d.marker(i, x, y, p.N < minimumRuns)
			d.WriteString("</g>\n")
			d.boxes = append(d.boxes, box{x - 6, y - 6, x + 6, y + 6})
		}
	}
}

func (p Point) describe(name, axis string) string {
	return fmt.Sprintf("%s, %s %s: median %s, %s to %s, %s", name, axisNumber(p.X), axis, duration(p.Mid), duration(p.Lo), duration(p.Hi), plural(p.N, "run"))
}

func step(i int) string {
	if i == 0 {
		return "M"
	}
	return "L"
}

func (d *drawing) stroke(l Line, i int, path string) {
	if l.Ideal {
		fmt.Fprintf(d, `<path class="i" stroke-dasharray="3 5" d="%s"/>`+"\n", path)
		return
	}
	dash := ""
	if s := dashes[(i+i/styles)%styles]; s != "" { // a repeated colour gets another dash
		dash = ` stroke-dasharray="` + s + `"`
	}
	fmt.Fprintf(d, `<path class="s%d l"%s d="%s"/>`+"\n", i%styles, dash, path)
}

func (d *drawing) marker(i int, x, y float64, hollow bool) {
	class := fmt.Sprintf("s%d k", i%styles)
	if hollow {
		class += " h"
	}
	shape := shapes[i%styles]
	if shape.corners == 0 {
		fmt.Fprintf(d, `<circle class="%s" cx="%s" cy="%s" r="4.5"/>`, class, px(x), px(y))
		return
	}
	var points []string
	for c := range shape.corners {
		a := (shape.turn + float64(c)*360/float64(shape.corners)) * math.Pi / 180
		points = append(points, px(x+5.5*math.Cos(a))+","+px(y+5.5*math.Sin(a)))
	}
	fmt.Fprintf(d, `<polygon class="%s" points="%s"/>`, class, strings.Join(points, " "))
}

// marks writes the crossovers where there is room; all of them are in the
// drawing's description in any case.
func (d *drawing) marks() {
	var placed []Mark
	for _, m := range d.Marks {
		if d.drawable(m.X) && d.drawable(m.Y) {
			placed = append(placed, m)
			x, y := d.x.at(m.X), d.y.at(m.Y)
			d.boxes = append(d.boxes, box{x - 8, y - 8, x + 8, y + 8})
		}
	}
	for _, m := range placed {
		x, y := d.x.at(m.X), d.y.at(m.Y)
		text := wrapWidth(m.Text, labelSize, max(150, d.w/5))
		width := 0.0
		for _, line := range text {
			width = max(width, textWidth(line, labelSize))
		}
		height := float64(len(text)) * (labelSize + 3)
		b, ok := d.place(x, y, width, height)
		if !ok || !(box{x, y, x, y}).grow(4).inside(d.area) {
			continue // a ring without its sentence is a riddle
		}
		fmt.Fprintf(d, `<circle class="o" cx="%s" cy="%s" r="8"/>`+"\n", px(x), px(y))
		// From the ring's edge to the nearest point of the label.
		tx, ty := min(max(x, b.x0), b.x1), min(max(y, b.y0), b.y1)
		if r := math.Hypot(tx-x, ty-y); r > 10 {
			fmt.Fprintf(d, `<path class="o" d="M%s %sL%s %s"/>`+"\n", px(x+(tx-x)*8/r), px(y+(ty-y)*8/r), px(tx), px(ty))
		}
		for i, line := range text {
			// The halo keeps grid lines and bands from cutting through the letters.
			d.text(b.x0, b.y0+float64(i+1)*(labelSize+3)-4, labelSize, "t halo", "", line)
		}
	}
}
