package shellline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// A mark stands in a placeholder's place while the line is parsed. Its letters
// are no ASCII, so that it is an ordinary part of a word to each grammar: it
// ends a $name before it, is no name itself, and is no operator in arithmetic.
const (
	markOpen  = "ᐅ"
	markClose = "ᐊ"
)

var markPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(markOpen + `(\d+)` + markClose) })

// marked is a template with marks in the places of its placeholders.
type marked struct {
	source string // with marks
	text   string // as the user wrote it, as far as a template knows
	refs   []template.Ref
	shown  []string
	starts []int // of the marks in source
	shifts []int // of the placeholders in text
}

func mark(t template.Template) marked {
	var m marked
	var source, text strings.Builder
	for _, p := range t.Parts {
		if p.Ref == nil {
			source.WriteString(p.Text)
			text.WriteString(p.Text)
			continue
		}
		shown := spell(*p.Ref)
		m.starts = append(m.starts, source.Len())
		m.shifts = append(m.shifts, text.Len())
		source.WriteString(markOpen + strconv.Itoa(len(m.refs)) + markClose)
		text.WriteString(shown)
		m.refs = append(m.refs, *p.Ref)
		m.shown = append(m.shown, shown)
	}
	m.source, m.text = source.String(), text.String()
	return m
}

// unmark is s with its marks spelled as placeholders.
func (m *marked) unmark(s string) string {
	return markPattern().ReplaceAllStringFunc(s, func(mark string) string {
		if k := markNumber(mark); k < len(m.shown) {
			return m.shown[k]
		}
		return mark
	})
}

// offset is the place in text of an offset in source.
func (m *marked) offset(at int) int {
	for k := len(m.starts) - 1; k >= 0; k-- {
		length := len(markOpen) + len(strconv.Itoa(k)) + len(markClose)
		switch {
		case at >= m.starts[k]+length:
			return m.shifts[k] + len(m.shown[k]) + at - m.starts[k] - length
		case at >= m.starts[k]:
			return m.shifts[k]
		}
	}
	return at
}

func markNumber(mark string) int {
	k, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(mark, markOpen), markClose))
	if err != nil {
		return 1 << 30 // a number that no template has
	}
	return k
}

// marksIn are the numbers of the marks in s.
func marksIn(s string) []int {
	var all []int
	for _, mark := range markPattern().FindAllString(s, -1) {
		all = append(all, markNumber(mark))
	}
	return all
}

func spell(r template.Ref) string {
	cast := map[template.Cast]string{template.Int: ":int", template.JSON: ":json", template.String: ":str"}[r.Cast]
	switch r.Kind {
	case template.Column:
		return fmt.Sprintf("{%d%s}", r.N, cast)
	case template.Field:
		return "{" + r.Name + cast + "}"
	}
	kind := map[template.Kind]string{
		template.NoExt: ".", template.Base: "/", template.Dir: "//",
		template.BaseNoExt: "/.", template.Seq: "#", template.Slot: "%",
	}[r.Kind]
	return "{" + kind + cast + "}"
}
