package report

import (
	"fmt"
	"math"
	"slices"
)

// frame draws the axes between top and bottom, with their grid lines.
func (d *drawing) frame(top, bottom float64) {
	ys := d.values(func(p Point) []float64 { return []float64{p.Lo, p.Mid, p.Hi} })
	xs := d.values(func(p Point) []float64 { return []float64{p.X} })
	d.area = box{x0: 16, y0: top + labelSize + 6, x1: d.w - 20, y1: bottom - 2*labelSize - 20}
	d.y = newScale(ys, d.Linear, d.area.y1, d.area.y0)
	yTicks := d.y.ticks(26)
	if len(ys) == 0 {
		yTicks = nil
	}
	widest := 0.0
	for _, v := range yTicks {
		widest = max(widest, textWidth(d.view().tick(v), labelSize))
	}
	d.area.x0 += widest + 8
	d.x = newScale(xs, d.Linear, d.area.x0, d.area.x1)
	d.obstacles.area = d.area

	for _, v := range yTicks {
		y := d.y.at(v)
		fmt.Fprintf(d, `<path class="g" d="M%s %sH%s"/>`+"\n", px(d.area.x0), px(y), px(d.area.x1))
		d.text(d.area.x0-6, y+4, labelSize, "m", "end", d.view().tick(v))
	}
	fmt.Fprintf(d, `<path class="a" d="M%s %sV%sH%s"/>`+"\n", px(d.area.x0), px(d.area.y0), px(d.area.y1), px(d.area.x1))
	d.text(16, d.area.y0-8, labelSize, "m", "", d.YLabel+d.scaleName())
	for _, v := range d.xTicks(xs) {
		x := d.x.at(v)
		fmt.Fprintf(d, `<path class="a" d="M%s %sv5"/>`+"\n", px(x), px(d.area.y1))
		d.text(x, d.area.y1+6+labelSize, labelSize, "m", "middle", axisNumber(v))
	}
	d.text((d.area.x0+d.area.x1)/2, d.area.y1+14+2*labelSize, labelSize, "t", "middle", d.XLabel)
}

func (d *drawing) scaleName() string {
	if d.Linear {
		return ""
	}
	if d.Throughput { // a longer name, and no more room
		return " (log-log)"
	}
	return " (both axes logarithmic)"
}

// xTicks are the measured sizes whose labels have room, the first and the last
// one above all; on a linear axis, where they crowd at the left, round numbers.
func (d *drawing) xTicks(xs []float64) []float64 {
	if len(xs) == 0 {
		return nil
	}
	if d.Linear {
		ticks := d.x.ticks(textWidth(axisNumber(d.x.hi), labelSize) + 16)
		return slices.DeleteFunc(ticks, func(v float64) bool {
			return d.x.at(v)+textWidth(axisNumber(v), labelSize)/2 > d.w-4
		})
	}
	slices.Sort(xs)
	xs = slices.Compact(xs)
	reach := func(v float64) (lo, hi float64) {
		half := textWidth(axisNumber(v), labelSize)/2 + 4
		return d.x.at(v) - half, d.x.at(v) + half
	}
	last := xs[len(xs)-1]
	lastLo, _ := reach(last)
	kept, end := []float64{}, math.Inf(-1)
	for _, v := range xs[:len(xs)-1] {
		if lo, hi := reach(v); lo >= end && hi <= lastLo {
			kept, end = append(kept, v), hi
		}
	}
	return append(kept, last)
}

func axisNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return count(int(v))
	}
	return significant(v, 3)
}
