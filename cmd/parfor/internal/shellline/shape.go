package shellline

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// sameShape parses the script and compares it with the marked line: the same
// tree, with a reference to a variable in each mark's place and nothing else
// changed. It is the second lock: what the rules missed stops here.
func (m *marked) sameShape(l *Line, lang syntax.LangVariant) error {
	before, err := parse(m.source, lang)
	if err != nil {
		return m.syntaxError(err)
	}
	after, err := parse(l.Source, lang)
	if err != nil {
		return &Error{Msg: "a placeholder breaks the line: " + err.Error(), Safe: "quote it plainly"}
	}
	marks := shape(before, func(s string) string {
		return markPattern().ReplaceAllStringFunc(s, func(mark string) string {
			return "\x00" + l.Vars[l.varOf[markNumber(mark)]].Name + "\x00"
		})
	}, nil)
	names := map[string]bool{}
	for _, v := range l.Vars {
		names[v.Name] = true
	}
	refs := shape(after, func(s string) string { return s }, names)
	if marks != refs {
		return &Error{Msg: "a placeholder changes what the line means", Safe: "put it into a word of its own"}
	}
	return nil
}

// shape writes a tree down so that two of them can be compared: its nodes, and
// the text of its words without how it is quoted around a reference.
func shape(f *syntax.File, text func(string) string, vars map[string]bool) string {
	var b strings.Builder
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case nil:
			b.WriteString(")")
		case *syntax.Word:
			b.WriteString("(word " + flat(n.Parts, text, vars))
			b.WriteString(" " + nested(n, text, vars) + ")")
			return false
		case *syntax.Lit:
			fmt.Fprintf(&b, "(lit %q", text(n.Value))
		case *syntax.Comment:
			fmt.Fprintf(&b, "(comment %q", text(n.Text))
		default:
			fmt.Fprintf(&b, "(%T%s", n, detail(n))
		}
		return true
	})
	return b.String()
}

// detail is what tells nodes of a type apart but is no node itself.
func detail(n syntax.Node) string {
	switch n := n.(type) {
	case *syntax.Stmt:
		return fmt.Sprint(n.Negated, n.Background, n.Cmd == nil, len(n.Redirs))
	case *syntax.Redirect:
		return fmt.Sprint(n.Op, n.N == nil, n.Hdoc == nil)
	case *syntax.BinaryCmd:
		return fmt.Sprint(n.Op)
	case *syntax.Assign:
		return fmt.Sprint(n.Append, n.Naked, n.Index == nil, n.Value == nil, n.Array == nil)
	case *syntax.CallExpr:
		return fmt.Sprint(len(n.Assigns), len(n.Args))
	case *syntax.BinaryTest:
		return fmt.Sprint(n.Op)
	case *syntax.UnaryTest:
		return fmt.Sprint(n.Op)
	case *syntax.WhileClause:
		return fmt.Sprint(n.Until)
	case *syntax.ForClause:
		return fmt.Sprint(n.Select)
	case *syntax.CaseItem:
		return fmt.Sprint(n.Op, len(n.Patterns))
	}
	return ""
}

// span is a stretch of a word: bare or double-quoted text (b), single-quoted
// text (s), a reference (r), or anything else (x).
type span struct {
	kind byte
	text string
}

// flat is a word's text with how it is quoted, and a reference the same in all
// quotes. Empty quotes are left out: they surround a reference that stood at an
// end of a quoted text.
func flat(parts []syntax.WordPart, text func(string) string, vars map[string]bool) string {
	var b strings.Builder
	for _, s := range spans(parts, text, vars) {
		fmt.Fprintf(&b, "%c%q ", s.kind, s.text)
	}
	return b.String()
}

func spans(parts []syntax.WordPart, text func(string) string, vars map[string]bool) []span {
	var all []span
	add := func(kind byte, s string) {
		if last := len(all) - 1; last >= 0 && all[last].kind == kind && (kind == 'b' || kind == 's') {
			all[last].text += s
		} else if s != "" {
			all = append(all, span{kind, s})
		}
	}
	addText := func(kind byte, s string) {
		for i, piece := range strings.Split(s, "\x00") {
			if i%2 == 1 {
				add('r', piece)
			} else {
				add(kind, piece)
			}
		}
	}
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			addText('b', text(part.Value))
		case *syntax.SglQuoted:
			if part.Dollar {
				add('x', "$'"+text(part.Value))
			} else {
				addText('s', text(part.Value))
			}
		case *syntax.DblQuoted:
			inner := spans(part.Parts, text, vars)
			if !part.Dollar && len(inner) == 1 && inner[0].kind == 'r' {
				add('r', inner[0].text)
			} else {
				add('x', fmt.Sprintf("%v%q", part.Dollar, inner))
			}
		case *syntax.ParamExp:
			if part.Param != nil && vars[part.Param.Value] {
				add('r', part.Param.Value)
			} else {
				add('x', "$")
			}
		default:
			add('x', fmt.Sprintf("%T", part))
		}
	}
	return all
}

// nested is the shape of what runs inside a word.
func nested(w *syntax.Word, text func(string) string, vars map[string]bool) string {
	var b strings.Builder
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			fmt.Fprintf(&b, "(subst %v ", n.Backquotes)
			for _, s := range n.Stmts {
				b.WriteString(shape(&syntax.File{Stmts: []*syntax.Stmt{s}}, text, vars))
			}
			b.WriteString(")")
			return false
		case *syntax.ProcSubst:
			fmt.Fprintf(&b, "(proc %v ", n.Op)
			for _, s := range n.Stmts {
				b.WriteString(shape(&syntax.File{Stmts: []*syntax.Stmt{s}}, text, vars))
			}
			b.WriteString(")")
			return false
		case *syntax.ParamExp:
			if n.Param != nil && vars[n.Param.Value] {
				return false
			}
			name := ""
			if n.Param != nil {
				name = text(n.Param.Value)
			}
			fmt.Fprintf(&b, "(param %q %v %v", name, n.Excl, n.Length)
			if n.Exp != nil {
				fmt.Fprintf(&b, " %v", n.Exp.Op)
			}
			b.WriteString(")")
		case *syntax.BinaryArithm:
			fmt.Fprintf(&b, "(arithm %v)", n.Op)
		case *syntax.ArithmExp, *syntax.ExtGlob:
			fmt.Fprintf(&b, "(%T)", n)
		}
		return true
	})
	return b.String()
}
