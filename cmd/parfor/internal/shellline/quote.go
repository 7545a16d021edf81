package shellline

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// quoting is where a placeholder stands, which decides how the reference is
// written.
type quoting int

const (
	nowhere quoting = iota // in no listed position
	bare
	inDouble // "…"
	inSingle // '…'
	inBody   // a here-document
)

func (q quoting) reference(name string) string {
	switch q {
	case inDouble, inBody:
		return "${" + name + "}"
	case inSingle:
		return `'"${` + name + `}"'`
	}
	return `"${` + name + `}"`
}

func (p *placer) word(w *syntax.Word, s surroundings) { p.parts(w.Parts, bare, s) }

// body is an unquoted here-document.
func (p *placer) body(w *syntax.Word, s surroundings) {
	p.parts(w.Parts, inBody, s)
}

func (p *placer) parts(all []syntax.WordPart, q quoting, s surroundings) {
	for i, part := range all {
		switch part := part.(type) {
		case *syntax.Lit:
			before := "" // a $ that is text is a part of its own
			if i > 0 {
				if lit, ok := all[i-1].(*syntax.Lit); ok {
					before = lit.Value
				}
			}
			p.text(part, q, before)
		case *syntax.SglQuoted:
			if q == bare && !part.Dollar && !afterDollar(all, i) {
				p.accept(part.Value, inSingle)
			}
		case *syntax.DblQuoted:
			if q == bare && !part.Dollar && !afterDollar(all, i) {
				p.parts(part.Parts, inDouble, s)
			} else {
				p.inside(part, s)
			}
		case *syntax.CmdSubst:
			if part.Backquotes || part.TempFile || part.ReplyVar {
				p.closed(func() { p.stmts(part.Stmts, s) })
			} else {
				p.stmts(part.Stmts, s)
			}
		case *syntax.ProcSubst:
			p.stmts(part.Stmts, surroundings{items: s.items || part.Op == syntax.CmdOut})
		default:
			p.inside(part, s)
		}
	}
}

// afterDollar says whether a $ stands right before a quoted part: $'…' and $"…"
// mean another thing to some shells.
func afterDollar(all []syntax.WordPart, i int) bool {
	if i == 0 {
		return false
	}
	lit, ok := all[i-1].(*syntax.Lit)
	return ok && strings.HasSuffix(lit.Value, "$") && !escaped(lit.Value, len(lit.Value)-1)
}

// text accepts the marks in unquoted or double-quoted text, but for those behind
// a backslash or a $, which would take the reference's first character.
func (p *placer) text(lit *syntax.Lit, q quoting, before string) {
	for _, k := range marksIn(lit.Value) {
		if k >= len(p.quotes) {
			continue
		}
		at := strings.Index(lit.Value, markOpen+strconv.Itoa(k)+markClose)
		switch lead := before + lit.Value[:at]; {
		case escaped(p.source, p.starts[k]):
			p.refuseItem(carrier{p.starts[k], p.shown[k]}, "stands behind a backslash, which would escape its quote",
				`write \\ for a backslash, or {{}} for braces that are no placeholder`)
			return
		case strings.HasSuffix(lead, "$") && !escaped(lead, len(lead)-1):
			p.refuseItem(carrier{p.starts[k], p.shown[k]}, "stands behind a $",
				`write \$ for a dollar sign; a placeholder needs none`)
			return
		}
	}
	p.accept(lit.Value, q)
}

// escaped says whether an odd number of backslashes stands before s[at].
func escaped(s string, at int) bool {
	n := 0
	for at-n-1 >= 0 && s[at-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

func (p *placer) accept(text string, q quoting) {
	if p.shut > 0 {
		return
	}
	for _, k := range marksIn(text) {
		if k < len(p.quotes) {
			p.quotes[k] = q
		}
	}
}
