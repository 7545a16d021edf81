package report

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text draws a report for a terminal, without colour. Each method returns whole
// lines, so an experiment can print what it has while it runs; alignment depends
// on names and width alone, never on values that are not measured yet.
type Text struct {
	// Width is the number of columns; 0 is 106, where nothing is left out, and
	// less than 60 is 60. Narrower tables drop columns, the least important first;
	// only a grid of more than five series may still be wider.
	Width int
	// View is how grids and their charts show what was measured.
	View View
}

const (
	fullWidth   = 106
	leastWidth  = 60
	minimumRuns = 5 // what a verdict needs on both sides
)

// WriteTable writes the whole report as [Text] draws it. Width as in Text.
func WriteTable(w io.Writer, r *Report, width int) error {
	t := Text{Width: width}
	_, err := io.WriteString(w, t.Header(r)+t.body(r)+t.Footer(r))
	return err
}

// Redraw is what was measured, without what only concerns who measures: its
// origin, the tables, the checks, the chart, the advice.
//
// Of an [Overlay] it is the chart under a line for each file; [Text.Grid]
// draws the table of each.
func (t Text) Redraw(r *Report) string {
	var b strings.Builder
	for _, s := range r.sources() {
		b.WriteString(t.wrap(s, 2))
	}
	if len(r.Sources) > 0 {
		return b.String() + t.Chart(r.Drawn())
	}
	return b.String() + t.body(r)
}

// body is all that stands between header and footer.
func (t Text) body(r *Report) string {
	var b strings.Builder
	b.WriteString(t.Block(r.Ways))
	if r.WaysNote != "" {
		b.WriteString(t.wrap(r.WaysNote, 0))
	}
	for _, g := range []*Grid{r.Grid, r.Sweep} {
		b.WriteString(t.Grid(g))
	}
	b.WriteString(t.Checks(r))
	for _, g := range []*Grid{r.Grid, r.Sweep} {
		b.WriteString(t.Chart(g))
	}
	for _, blocks := range [][]Block{r.Dictionary, r.CPU} {
		for i := range blocks {
			b.WriteString(t.Line(&blocks[i]))
		}
	}
	b.WriteString(t.Advice(r.Advice))
	return b.String()
}

func (t Text) width() int {
	if t.Width <= 0 {
		return fullWidth
	}
	return max(t.Width, leastWidth)
}

// wrap breaks a text between words; the lines after the first are indented.
// A word longer than a line stays whole: cutting a path or URL makes it useless.
func (t Text) wrap(s string, indent int) string {
	s = clean(s)
	var b strings.Builder
	column := 0
	lead := len(s) - len(strings.TrimLeft(s, " "))
	b.WriteString(s[:lead])
	column = lead
	fresh := true
	for word := range strings.FieldsSeq(s) {
		n := utf8.RuneCountInString(word)
		switch {
		case fresh:
		case column+1+n > t.width():
			b.WriteByte('\n')
			b.WriteString(strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		fresh = false
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	return b.String()
}

// left and right pad to n columns; what is longer loses its end.
func left(s string, n int) string {
	s = cut(s, n)
	return s + strings.Repeat(" ", n-utf8.RuneCountInString(s))
}

func right(s string, n int) string {
	s = cut(s, n)
	return strings.Repeat(" ", n-utf8.RuneCountInString(s)) + s
}

func cut(s string, n int) string {
	s = clean(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:max(n-1, 0)]) + "…"
}

// clean takes out what would move the cursor, colour the terminal, or be no
// XML: reports are read from files, and files come from anywhere.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF {
			return utf8.RuneError
		}
		return r
	}, s)
}

func trimLine(s string) string { return strings.TrimRight(s, " ") + "\n" }
