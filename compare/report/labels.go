package report

import (
	"math"
	"strings"
	"unicode/utf8"
)

// box is a rectangle on the drawing.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) meets(o box) bool { return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 }

func (b box) inside(o box) bool { return b.x0 >= o.x0 && b.x1 <= o.x1 && b.y0 >= o.y0 && b.y1 <= o.y1 }

func (b box) grow(by float64) box { return box{b.x0 - by, b.y0 - by, b.x1 + by, b.y1 + by} }

// segment is a stretch of a line.
type segment struct{ x0, y0, x1, y1 float64 }

// crosses clips the segment against the box (Liang and Barsky, 1984).
func (s segment) crosses(b box) bool {
	t0, t1 := 0.0, 1.0
	dx, dy := s.x1-s.x0, s.y1-s.y0
	for _, e := range [][2]float64{{-dx, s.x0 - b.x0}, {dx, b.x1 - s.x0}, {-dy, s.y0 - b.y0}, {dy, b.y1 - s.y0}} {
		p, q := e[0], e[1]
		switch {
		case p == 0 && q < 0:
			return false
		case p < 0:
			t0 = max(t0, q/p)
		case p > 0:
			t1 = min(t1, q/p)
		}
	}
	return t0 <= t1
}

// glyphWidth is the mean width of a letter as a share of the font size. The
// reader's font isn't known; DejaVu Sans, the widest of the usual ones, has 0.6.
const glyphWidth = 0.6

func textWidth(s string, size float64) float64 {
	return float64(utf8.RuneCountInString(s)) * size * glyphWidth
}

// wrapWidth breaks a text into lines of at most width pixels, between words.
func wrapWidth(s string, size, width float64) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case textWidth(line+" "+word, size) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// obstacles is what a label must not cover.
type obstacles struct {
	area  box
	boxes []box
	lines []segment
}

func (o *obstacles) free(b box) bool {
	if !b.inside(o.area) {
		return false
	}
	for _, other := range o.boxes {
		if b.meets(other) {
			return false
		}
	}
	for _, s := range o.lines {
		if s.crosses(b) {
			return false
		}
	}
	return true
}

// place looks for room for a w × h label near a point, on rings of growing
// radius, and takes that room. False means that there is none within reach.
func (o *obstacles) place(x, y, w, h float64) (box, bool) {
	for r := 14.0; r <= 240; r += 6 {
		// Straight up and down last: a leader reads best when it leans.
		for _, deg := range []float64{-45, 135, -135, 45, -20, 160, 20, -160, -70, 110, -110, 70, -90, 90} {
			a := deg * math.Pi / 180
			cx, cy := x+r*math.Cos(a), y+r*math.Sin(a)
			b := box{cx, cy - h/2, cx + w, cy + h/2}
			if math.Cos(a) < 0 {
				b.x0, b.x1 = cx-w, cx
			}
			if math.Abs(math.Cos(a)) < 0.4 {
				b.x0, b.x1 = cx-w/2, cx+w/2
			}
			if o.free(b.grow(4)) {
				o.boxes = append(o.boxes, b)
				return b, true
			}
		}
	}
	return box{}, false
}
