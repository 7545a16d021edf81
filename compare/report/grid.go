package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// gridLayout is what fits: the widths follow from names and [Text.Width].
type gridLayout struct {
	base    int   // width of the first series' column
	columns []int // widths of the others
	suffix  bool  // "(start included)" in the heading
	marks   bool  // "slower" behind a ratio
	ratios  bool
	runs    bool
}

const (
	timeWidth   = 8 // "17m 20s", "4.77 ms"
	ratioWidth  = 6 // " 0.05x"
	slowerWidth = 8 // "  slower"
	startSuffix = " (start included)"
)

func (t Text) gridLayout(g *Grid) gridLayout {
	var l gridLayout
	tries := []gridLayout{
		{suffix: true, marks: true, ratios: true, runs: true},
		{marks: true, ratios: true, runs: true},
		{ratios: true, runs: true},
		{ratios: true},
		{},
	}
	for _, l = range tries {
		total := len("requests") + 6*btoi(l.runs)
		for i, s := range g.Series {
			w := utf8.RuneCountInString(s.heading(l.suffix))
			if i == 0 {
				l.base = max(w, timeWidth)
				total += 2 + l.base
				continue
			}
			w = max(w, timeWidth+ratioWidth*btoi(l.ratios)+slowerWidth*btoi(l.marks))
			l.columns = append(l.columns, w)
			total += 2 + w
		}
		if total <= t.width() {
			return l
		}
	}
	// Times alone under names that lose their ends: many series on a narrow terminal.
	each := max(timeWidth, (t.width()-len("requests"))/max(1, len(g.Series))-2)
	l.base = min(l.base, each)
	for i := range l.columns {
		l.columns[i] = min(l.columns[i], each)
	}
	return l
}

func (s Series) heading(suffix bool) string {
	if suffix && s.StartIncluded {
		return s.Name + startSuffix
	}
	return s.Name
}

// Grid is the note, the heading, and a row per size; nothing without a grid.
func (t Text) Grid(g *Grid) string {
	if g == nil || len(g.Series) == 0 {
		return ""
	}
	s := t.GridTitle(g)
	for _, size := range g.Sizes {
		s += t.GridRow(g, size)
	}
	return s
}

// GridTitle is the note and the heading.
func (t Text) GridTitle(g *Grid) string {
	l := t.gridLayout(g)
	s := ""
	if g.Note != "" {
		s = t.wrap(g.Note, 2)
	}
	if g.Caveat != "" {
		s += t.wrap(g.Caveat, 2)
	}
	if !l.suffix {
		if names := g.startIncluded(); names != "" {
			s += t.wrap("start-up included: "+names, 2)
		}
	}
	line := right(g.Axis, len("requests"))
	for i, series := range g.Series {
		if i == 0 {
			line += "  " + right(series.heading(l.suffix), l.base)
		} else {
			// Above the times: they are the column, ratios explain them.
			line += "  " + left(series.heading(l.suffix), l.columns[i-1])
		}
	}
	if l.runs {
		line += "  runs"
	}
	return s + trimLine(line)
}

func (g *Grid) startIncluded() string {
	var names []string
	for _, s := range g.Series {
		if s.StartIncluded {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ", ")
}

// GridRow is the row of one size, measured or not.
func (t Text) GridRow(g *Grid, size int) string {
	l := t.gridLayout(g)
	line := right(fmt.Sprint(size), len("requests"))
	if len(g.Series) == 0 {
		return trimLine(line)
	}
	base := g.Cell(size, g.Series[0].Key)
	for i, s := range g.Series {
		c := g.Cell(size, s.Key)
		text := t.cellText(g, c, size, s.Key)
		if i == 0 {
			line += "  " + right(text, l.base)
			continue
		}
		// A reason such as "over 5 s" is as wide as a time; a longer one takes
		// the room of the ratio it hasn't got.
		text = right(text, max(timeWidth, min(utf8.RuneCountInString(text), l.columns[i-1])))
		if c == nil || len(c.Runs) == 0 {
			line += "  " + left(text, l.columns[i-1])
			continue
		}
		if l.ratios {
			x := base.times().Median / c.times().Median
			text += right(ratio(x), ratioWidth)
			if l.marks && slower(base.times(), c.times()) {
				text += "  slower"
			}
		}
		line += "  " + left(text, l.columns[i-1])
	}
	if l.runs {
		named := line + "  " + g.runsText(size, true)
		if utf8.RuneCountInString(named) > t.width() {
			named = line + "  " + g.runsText(size, false)
		}
		line = named
	}
	return trimLine(line)
}

// cellText is the median; without one, the reason, told once per column.
func (t Text) cellText(g *Grid, c *Cell, size int, series string) string {
	switch {
	case c == nil:
		return missing
	case len(c.Runs) > 0:
		return t.View.figure(g, c)
	case c.Skipped == "":
		return missing
	}
	if i := slices.Index(g.Sizes, size); i > 0 {
		if before := g.Cell(g.Sizes[i-1], series); before != nil && len(before.Runs) == 0 && before.Skipped == c.Skipped {
			return missing
		}
	}
	return c.Skipped
}

// slower is a verdict: it needs runs, and bands apart.
func slower(base, b Band) bool {
	return base.N >= minimumRuns && b.N >= minimumRuns && b.Median > base.Median && !b.Overlaps(base)
}

// runsText is the number of runs of a row and who differs: "5 (sequential 1)",
// or, where there is no room for names, "1–5".
func (g *Grid) runsText(size int, names bool) string {
	var counts []int
	for _, s := range g.Series {
		if c := g.Cell(size, s.Key); c != nil && len(c.Runs) > 0 {
			counts = append(counts, len(c.Runs))
		}
	}
	if len(counts) == 0 {
		return right(missing, 4)
	}
	most, least := slices.Max(counts), slices.Min(counts)
	if !names && least != most {
		return right(fmt.Sprintf("%d–%d", least, most), 4)
	}
	var others []string
	for _, s := range g.Series {
		if c := g.Cell(size, s.Key); c != nil && len(c.Runs) > 0 && len(c.Runs) != most {
			others = append(others, fmt.Sprintf("%s %d", s.Key, len(c.Runs)))
		}
	}
	if len(others) == 0 {
		return right(fmt.Sprint(most), 4)
	}
	return fmt.Sprintf("%4d (%s)", most, strings.Join(others, ", "))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
