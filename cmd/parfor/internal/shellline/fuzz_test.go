package shellline

import (
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// FuzzCompile compiles any line. What is accepted must hold the item's reference
// as a plain expansion in double quotes or a here-document, once for each
// placeholder, and nowhere else.
func FuzzCompile(f *testing.F) {
	for _, s := range append(append([]spot{}, accepted...), refused...) {
		f.Add(s.line, s.bash)
	}
	f.Add("echo \\\n{} $'{}' \"$(echo '{}')\" `{}`", true)
	f.Add("f(){ cat <<-E | sh;\n\t{}\n\tE\n}; for x; do [[ {} ]]; done", true)
	f.Fuzz(func(t *testing.T, line string, bash bool) {
		if len(line) > 4096 {
			return
		}
		o := Options{Shell: "sh"}
		if bash {
			o.Shell = "bash"
		}
		parts := split(line)
		l, err := Compile(parts, o)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a text")
			}
			return
		}
		grammars, _ := o.grammars()
		for _, lang := range grammars {
			onlyExpansions(t, l, lang)
		}
		again, err := Compile(parts, o)
		if err != nil || again.Source != l.Source {
			t.Errorf("compiled twice: %q, then %q, %v", l.Source, again.Source, err)
		}
		for _, item := range []string{"", "x", "'; touch PWNED; '", "\x1b\xff\n`id`"} {
			values := valuesFor(l, item)
			l.Check(values)
			if pasted := l.Pasteable(values); bash {
				if _, err := parse(pasted, syntax.LangBash); err != nil {
					t.Errorf("pasteable: %v\n%q\nfrom %q", err, pasted, line)
				}
			}
		}
	})
}

// onlyExpansions looks at the script itself, not at the marks' places.
func onlyExpansions(t *testing.T, l *Line, lang syntax.LangVariant) {
	file, err := parse(l.Source, lang)
	if err != nil {
		t.Fatalf("%q: %v", l.Source, err)
	}
	ours := map[string]bool{}
	for _, v := range l.Vars {
		ours[v.Name] = true
	}
	found := 0
	var stack []syntax.Node
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		text := ""
		switch n := n.(type) {
		case *syntax.ParamExp:
			if n.Param != nil && ours[n.Param.Value] {
				found++
				inQuotes(t, l, n, stack)
				stack = append(stack, n)
				return true
			}
		case *syntax.Lit:
			text = n.Value
		case *syntax.SglQuoted:
			text = n.Value
		case *syntax.Comment:
			text = n.Text
		}
		if _, inside := last(stack).(*syntax.ParamExp); !inside && strings.Contains(text, "${PF_") {
			t.Errorf("%q: a reference is text: %q", l.Source, text)
		}
		stack = append(stack, n)
		return true
	})
	if found != len(l.varOf) {
		t.Errorf("%q: %d references for %d placeholders", l.Source, found, len(l.varOf))
	}
}

func last(stack []syntax.Node) syntax.Node {
	if len(stack) == 0 {
		return nil
	}
	return stack[len(stack)-1]
}

func inQuotes(t *testing.T, l *Line, n *syntax.ParamExp, stack []syntax.Node) {
	if n.Short || n.Excl || n.Length || n.Index != nil || n.Slice != nil || n.Repl != nil || n.Exp != nil {
		t.Errorf("%q: more than ${NAME}", l.Source)
	}
	for i := len(stack) - 1; i >= 0; i-- {
		switch parent := stack[i].(type) {
		case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop, *syntax.ParamExp, *syntax.DeclClause, *syntax.ExtGlob, *syntax.CoprocClause:
			t.Errorf("%q: in a %T", l.Source, parent)
		case *syntax.DblQuoted:
			if parent.Dollar {
				t.Errorf(`%q: in $"…"`, l.Source)
			}
		case *syntax.CallExpr:
			if i+1 < len(stack) && len(parent.Args) > 0 && stack[i+1] == syntax.Node(parent.Args[0]) {
				t.Errorf("%q: in the command's name", l.Source)
			}
		}
	}
	switch parent := last(stack).(type) {
	case *syntax.DblQuoted:
	case *syntax.Word: // of a here-document, or it would be split and expanded
		if r, ok := stack[len(stack)-2].(*syntax.Redirect); !ok || r.Hdoc != parent {
			t.Errorf("%q: not quoted", l.Source)
		}
	default:
		t.Errorf("%q: in a %T", l.Source, parent)
	}
}
