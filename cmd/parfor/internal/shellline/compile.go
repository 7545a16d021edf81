package shellline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"

	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// ours are the names that the script's variables have.
var ours = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(^|[^A-Za-z0-9_])PF_([0-9*@]|$)`) })

// Compile makes a script of a line, or says why the line is refused: it is no
// shell, it has no placeholder, or a placeholder stands where an item could
// become code. The error is an [*Error].
func Compile(t template.Template, o Options) (*Line, error) {
	grammars, err := o.grammars()
	if err != nil {
		return nil, err
	}
	m := mark(t)
	if err := m.admit(o); err != nil {
		return nil, err
	}
	var first *placer
	for _, lang := range grammars {
		p, err := place(&m, lang)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = p
			continue
		}
		if err := first.agree(p); err != nil {
			return nil, err
		}
	}
	l := first.line(t, o)
	for _, lang := range grammars {
		if err := m.sameShape(l, lang); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (o Options) grammars() ([]syntax.LangVariant, error) {
	switch o.Shell {
	case "", "sh":
		return []syntax.LangVariant{syntax.LangPOSIX, syntax.LangBash}, nil
	case "bash":
		return []syntax.LangVariant{syntax.LangBash}, nil
	}
	return nil, &Error{Msg: fmt.Sprintf("shell %q is not known", o.Shell), Safe: "--shell sh or --shell bash"}
}

// admit refuses what needs no parser.
func (m *marked) admit(o Options) error {
	if strings.TrimSpace(m.text) == "" {
		return &Error{Msg: "the command is empty"}
	}
	if len(m.refs) == 0 && !o.ItemsOnStdin {
		return &Error{
			Msg:  fmt.Sprintf("the line %q has no placeholder, so every item would run the same", shorten(m.text)),
			Safe: "write {} where the item goes, or --stdin to give each item on standard input",
		}
	}
	if i := strings.IndexByte(m.source, 0); i >= 0 {
		return m.errorAt(i, "the line holds a NUL byte", "")
	}
	if i := strings.IndexByte(m.source, '\r'); i >= 0 {
		// Parser and shells differ on what it is.
		return m.errorAt(i, "the line holds a carriage return", `end lines with \n alone`)
	}
	if strings.Contains(m.text, markOpen) || strings.Contains(m.text, markClose) {
		i := strings.IndexAny(m.text, markOpen+markClose)
		return &Error{Msg: "the line holds " + string([]rune(m.text[i:])[0]) + ", which parfor uses itself", Safe: "put it into a script"}
	}
	if at := ours().FindStringSubmatchIndex(m.source); at != nil {
		return m.errorAt(at[3], "names PF_0, PF_1… are parfor's own variables", "use another name, or {} for the item")
	}
	return nil
}

func parse(source string, lang syntax.LangVariant) (*syntax.File, error) {
	return syntax.NewParser(syntax.Variant(lang), syntax.KeepComments(true)).Parse(strings.NewReader(source), "")
}

// place finds the marks' places under one grammar.
func place(m *marked, lang syntax.LangVariant) (*placer, error) {
	f, err := parse(m.source, lang)
	if err != nil {
		return nil, m.syntaxError(err)
	}
	p := &placer{marked: m, lang: lang, quotes: make([]quoting, len(m.refs))}
	p.flows = p.follow(f)
	p.sinks(f)
	p.stmts(f.Stmts, surroundings{})
	if p.refused != nil {
		return nil, p.refused
	}
	for k, q := range p.quotes {
		if q == nowhere {
			return nil, p.unlisted(f, k)
		}
	}
	return p, nil
}

// agree compares what two grammars make of the line.
func (p *placer) agree(other *placer) error {
	for k := range p.quotes {
		if p.quotes[k] != other.quotes[k] {
			return p.errorAt(p.starts[k], p.shown[k]+" is quoted in one way under sh and in another under bash", "--shell bash, or quote it plainly")
		}
	}
	p.runs = append(p.runs, other.runs...)
	return nil
}

// line writes the script.
func (p *placer) line(t template.Template, o Options) *Line {
	l := &Line{template: t, shown: p.shown, quotes: p.quotes}
	known := map[template.Ref]int{}
	var source strings.Builder
	k := 0
	for _, part := range t.Parts {
		if part.Ref == nil {
			source.WriteString(part.Text)
			continue
		}
		v, ok := known[*part.Ref]
		if !ok {
			v = len(l.Vars)
			known[*part.Ref] = v
			l.Vars = append(l.Vars, Var{Name: "PF_" + strconv.Itoa(v), Ref: *part.Ref})
		}
		l.varOf = append(l.varOf, v)
		source.WriteString(p.quotes[k].reference(l.Vars[v].Name))
		k++
	}
	l.Source = source.String()
	l.guard(p.runs, o.AllowDash)
	return l
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
