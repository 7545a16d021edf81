package shellline

import "mvdan.cc/sh/v3/syntax"

// unlisted says where a mark stands that stands in no listed position.
func (p *placer) unlisted(f *syntax.File, k int) *Error {
	var stack, chain []syntax.Node
	syntax.Walk(f, func(n syntax.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		if chain == nil && holdsMark(n, k) {
			chain = append(chain, stack...)
		}
		return true
	})
	msg, safe := "is in no position where an item is safe", `assign first: x={}; … "$x"`
	for i := len(chain) - 1; i >= 0; i-- {
		if m, s := position(chain, i); m != "" {
			msg, safe = m, s
			break
		}
	}
	return p.errorAt(p.starts[k], p.shown[k]+" "+msg, safe)
}

func holdsMark(n syntax.Node, k int) bool {
	text := ""
	switch n := n.(type) {
	case *syntax.Lit:
		text = n.Value
	case *syntax.SglQuoted:
		text = n.Value
	case *syntax.Comment:
		text = n.Text
	}
	for _, found := range marksIn(text) {
		if found == k {
			return true
		}
	}
	return false
}

// position names the construct at chain[i], "" if it says nothing.
func position(chain []syntax.Node, i int) (msg, safe string) {
	var child syntax.Node
	if i+1 < len(chain) {
		child = chain[i+1]
	}
	switch n := chain[i].(type) {
	case *syntax.Comment:
		return "is in a comment", "write it before the #, or leave it out"
	case *syntax.SglQuoted:
		if n.Dollar {
			return "is in $'…'", `write $'…'{} with the placeholder outside`
		}
	case *syntax.DblQuoted:
		if n.Dollar {
			return `is in $"…"`, `write "…" without the $`
		}
	case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop:
		return evaluates, countSafe
	case *syntax.CmdSubst:
		if n.Backquotes {
			return "is in backquotes, whose quoting shells read differently", "write $(…)"
		}
		if n.TempFile || n.ReplyVar {
			return "is in ${ …;}, which few shells have", "write $(…)"
		}
	case *syntax.ParamExp:
		return "is inside ${…}", `assign first: x={}; … then "${x}"`
	case *syntax.ExtGlob:
		return "is in an extended pattern", "write a case for each, or compare with ="
	case *syntax.FuncDecl:
		if child == syntax.Node(n.Name) {
			return "is a function's name", "write the name"
		}
	case *syntax.WordIter:
		if child == syntax.Node(n.Name) {
			return "is a variable's name", "write the name: for x in {}"
		}
	case *syntax.Assign:
		if n.Name != nil && child == syntax.Node(n.Name) {
			return "is a variable's name", "write the name"
		}
	case *syntax.DeclClause:
		return "is an argument of " + n.Variant.Value, "assign first: x={}; " + n.Variant.Value + " x"
	case *syntax.CoprocClause:
		return "is in a coproc", "use a pipe"
	case *syntax.Redirect:
		return redirectPosition(n, child)
	case *syntax.Word:
		if len(n.Parts) > 1 {
			if lit, ok := n.Parts[0].(*syntax.Lit); ok && lit.Value == "$" {
				return "is in $'…' or $\"…\", which sh shells read differently", "--shell bash, or quote it without the $"
			}
		}
	}
	return "", ""
}

func redirectPosition(n *syntax.Redirect, child syntax.Node) (msg, safe string) {
	switch {
	case n.Hdoc != nil && child == syntax.Node(n.Hdoc):
		return "is in a here-document whose delimiter is quoted, so that nothing in it is replaced",
			`write <<EOF without quotes, and \$ for a dollar sign`
	case n.Hdoc != nil:
		return "is a here-document's delimiter", "write <<EOF"
	case n.N != nil && child == syntax.Node(n.N):
		return "is a descriptor's name", "write a number"
	}
	return "is the target of " + n.Op.String() + ", which names a descriptor or a file", "write > {} or < {}"
}
