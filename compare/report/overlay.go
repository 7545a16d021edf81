package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// ErrOverlay means that reports have no chart in common.
var ErrOverlay = errors.New("no chart in common")

// Source is a report and the name of the file that it was read from.
type Source struct {
	Name   string
	Report *Report
}

// Overlay puts what several reports draw into one: its series are named after
// their files ("old.json: goroutines x16") and keep all their runs; sizes may
// differ. A file has one colour in a drawing, and letters are given anew. What
// isn't on a chart (ways, lanes, dictionaries) stays behind.
//
// Names must be distinct, and all must have measured over the same axis;
// otherwise the error is [ErrOverlay]. The sources aren't changed, but the
// runs are shared with them.
func Overlay(sources []Source) (*Report, error) {
	all := new(Report)
	var sum *Grid
	for i, s := range sources {
		if slices.ContainsFunc(sources[:i], func(o Source) bool { return o.Name == s.Name }) {
			return nil, fmt.Errorf("%w: %s is given twice", ErrOverlay, s.Name)
		}
		g := s.Report.Drawn()
		if g == nil || len(gridLines(g)) == 0 {
			return nil, fmt.Errorf("%w: %s has measured nothing to draw", ErrOverlay, s.Name)
		}
		if sum == nil {
			sum = &Grid{Axis: g.Axis, Items: g.Items}
		}
		if sum.Axis != g.Axis || sum.Items != g.Items {
			return nil, fmt.Errorf("%w: %s is by %s, %s by %s", ErrOverlay, sources[0].Name, sum.axis(), s.Name, g.axis())
		}
		sum.take(s.Name, g)
		all.Sources = append(all.Sources, strings.TrimSuffix(s.Name+": "+s.Report.subtitle(), ": "))
	}
	if sum == nil {
		return all, nil
	}
	slices.Sort(sum.Sizes)
	sum.Sizes = slices.Compact(sum.Sizes)
	sum.letters()
	if sum.sweep() {
		all.Sweep = sum
	} else {
		all.Grid = sum
	}
	return all, nil
}

func (g *Grid) axis() string {
	if g.Items > 0 {
		return fmt.Sprintf("%s at %s", g.Axis, plural(g.Items, "item"))
	}
	return g.Axis
}

// take adds another grid's series and cells under a file's name.
func (g *Grid) take(name string, o *Grid) {
	g.Sizes = append(g.Sizes, o.Sizes...)
	for _, s := range o.Series {
		s.Key, s.Name, s.File = name+": "+s.Key, name+": "+s.Name, name
		g.Series = append(g.Series, s)
	}
	for _, c := range o.Cells {
		c.Series = name + ": " + c.Series
		g.Cells = append(g.Cells, c)
	}
}

// letters tells the series apart: the letter they have, its capital, or else
// the first one that is free.
func (g *Grid) letters() {
	taken := map[rune]bool{'o': true, sharedRune: true, dotRune: true} // o is for a series without one
	for i := range g.Series {
		s := &g.Series[i]
		own := Line{Letter: s.Letter}.letter()
		tries := append([]rune{own, unicode.ToUpper(own)}, []rune("abcdefghijklmnpqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ0123456789")...)
		s.Letter = ""
		if at := slices.IndexFunc(tries, func(r rune) bool { return !taken[r] }); at >= 0 {
			s.Letter = string(tries[at])
			taken[tries[at]] = true
		}
	}
}

// overlay: the series come from several files.
func (g *Grid) overlay() bool {
	return slices.ContainsFunc(g.Series, func(s Series) bool { return s.File != "" })
}

// Drawn is what a chart of the report shows: its grid, or its sweep if nothing
// of the grid was measured; nil if there is neither.
func (r *Report) Drawn() *Grid {
	g := r.Grid
	if g == nil || len(gridLines(g)) == 0 && r.Sweep != nil {
		g = r.Sweep
	}
	return g
}
