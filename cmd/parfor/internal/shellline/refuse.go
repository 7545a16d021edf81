package shellline

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// Error is why a line is refused before the first job.
type Error struct {
	Line, Col int    // of what is wrong, from 1; the column in characters
	Msg       string // what is wrong
	Safe      string // the way out, "" if there is none to name
	Excerpt   string // the line of the source and a caret under the place, "" without a place
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", e.Line, e.Col)
	}
	b.WriteString(e.Msg)
	if e.Safe != "" {
		b.WriteString("; " + e.Safe)
	}
	if e.Excerpt != "" {
		b.WriteString("\n" + e.Excerpt)
	}
	return b.String()
}

// errorAt is an error at an offset of the marked source.
func (m *marked) errorAt(at int, msg, safe string) *Error {
	at = min(m.offset(at), len(m.text))
	start := strings.LastIndexByte(m.text[:at], '\n') + 1
	line, _, _ := strings.Cut(m.text[start:], "\n")
	col := utf8.RuneCountInString(m.text[start:at])
	return &Error{
		Line: strings.Count(m.text[:at], "\n") + 1, Col: col + 1,
		Msg: msg, Safe: safe, Excerpt: excerpt([]rune(line), col),
	}
}

// excerpt shows at most 72 characters of the line around the column.
func excerpt(line []rune, col int) string {
	const before, after = 48, 24
	from, to := max(0, col-before), min(len(line), col+after)
	left, right := "", ""
	if from > 0 {
		left = "…"
	}
	if to < len(line) {
		right = "…"
	}
	shown := make([]rune, 0, to-from)
	for _, r := range line[from:to] {
		if !unicode.IsPrint(r) {
			r = '·' // a terminal must not act on what is in the line
		}
		shown = append(shown, r)
	}
	caret := strings.Repeat(" ", col-from+utf8.RuneCountInString(left)) + "^"
	return "    " + left + string(shown) + right + "\n    " + caret
}

// syntaxError is a parser's error in the user's words.
func (m *marked) syntaxError(err error) *Error {
	switch err := err.(type) {
	case syntax.ParseError:
		return m.errorAt(int(err.Pos.Offset()), m.unmark(err.Text), "")
	case syntax.LangError:
		safe := ""
		if err.LangUsed == syntax.LangPOSIX {
			safe = "sh does not have it: --shell bash, or write it another way"
		}
		return m.errorAt(int(err.Pos.Offset()), m.unmark(err.Feature)+" not understood", safe)
	}
	return &Error{Msg: m.unmark(err.Error())}
}
