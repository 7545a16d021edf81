package report

import (
	"fmt"
	"math"
	"slices"
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

// looks are the colour of each line, and the number of its dashes and marker.
// Lines of one file share a colour; without files each has its own.
func (p *Plot) looks() (looks []look) {
	var files []string
	in := map[string]int{} // lines so far of a file
	for i, l := range p.Lines {
		if l.File == "" {
			// A repeated colour gets another dash.
			looks = append(looks, look{i % styles, (i + i/styles) % styles, i % styles})
			continue
		}
		file := slices.Index(files, l.File)
		if file < 0 {
			file = len(files)
			files = append(files, l.File)
		}
		n := in[l.File]
		in[l.File]++
		// The first colour is a grey: beside others it looks like an axis.
		looks = append(looks, look{(file + 1) % styles, (n + file/styles) % styles, n % styles})
	}
	return looks
}

type look struct{ colour, dash, shape int }

// lines draws bands first, so that no band covers a line, then lines and markers.
func (d *drawing) lines() {
	looks := d.looks()
	for i, l := range d.Lines {
		if pts := d.points(l); !l.Ideal && len(pts) > 1 {
			var up, down strings.Builder
			for j, p := range pts {
				fmt.Fprintf(&up, "%s%s %s", step(j), px(d.x.at(p.X)), px(d.y.at(p.Hi)))
				q := pts[len(pts)-1-j]
				fmt.Fprintf(&down, "L%s %s", px(d.x.at(q.X)), px(d.y.at(q.Lo)))
			}
			fmt.Fprintf(d, `<path class="s%d n" d="%s%sZ"/>`+"\n", looks[i].colour, up.String(), down.String())
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
			d.stroke(l, looks[i], path.String())
		}
	}
	for i, l := range d.Lines {
		if l.Ideal {
			continue
		}
		for _, p := range d.points(l) {
			x, y := d.x.at(p.X), d.y.at(p.Mid)
			fmt.Fprintf(d, "<g><title>%s</title>", escape(d.point(l, p)))
			if lo, hi := d.y.at(p.Lo), d.y.at(p.Hi); len(l.Points) == 1 && lo != hi {
				// A lone point has no band: a whisker shows its spread.
				fmt.Fprintf(d, `<path class="s%d l" d="M%s %sV%s"/>`, looks[i].colour, px(x), px(lo), px(hi))
			}
			d.marker(looks[i], x, y, p.N < minimumRuns)
			d.WriteString("</g>\n")
			d.boxes = append(d.boxes, box{x - 6, y - 6, x + 6, y + 6})
		}
	}
}

// point is a point in words.
func (d *drawing) point(l Line, p Point) string {
	v := d.view()
	return fmt.Sprintf("%s, %s %s: median %s, %s to %s, %s", l.Name, axisNumber(p.X), d.XLabel, v.value(p.Mid), v.value(p.Lo), v.value(p.Hi), plural(p.N, "run"))
}

func step(i int) string {
	if i == 0 {
		return "M"
	}
	return "L"
}

func (d *drawing) stroke(l Line, k look, path string) {
	if l.Ideal {
		fmt.Fprintf(d, `<path class="i" stroke-dasharray="3 5" d="%s"/>`+"\n", path)
		return
	}
	dash := ""
	if s := dashes[k.dash]; s != "" {
		dash = ` stroke-dasharray="` + s + `"`
	}
	fmt.Fprintf(d, `<path class="s%d l"%s d="%s"/>`+"\n", k.colour, dash, path)
}

func (d *drawing) marker(k look, x, y float64, hollow bool) {
	class := fmt.Sprintf("s%d k", k.colour)
	if hollow {
		class += " h"
	}
	shape := shapes[k.shape]
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
