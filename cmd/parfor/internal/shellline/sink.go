package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

const (
	evaluates = "is in arithmetic, which evaluates it and runs commands hidden in it"
	countSafe = `write expr "$x" + 1, or pass it to a program`
)

// sinks refuses what would evaluate an item's text, be it a placeholder or a
// variable that may hold it, wherever in the tree it stands.
func (p *placer) sinks(f *syntax.File) {
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ArithmExp:
			p.arithmetic(n.X)
		case *syntax.ArithmCmd:
			p.arithmetic(n.X)
		case *syntax.LetClause:
			for _, x := range n.Exprs {
				p.arithmetic(x)
			}
		case *syntax.CStyleLoop:
			p.arithmetic(n.Init, n.Cond, n.Post)
		case *syntax.Assign:
			p.subscript(n.Index)
		case *syntax.ArrayElem:
			p.subscript(n.Index)
		case *syntax.ParamExp:
			p.expansion(n)
		case *syntax.DeclClause:
			p.declaration(n)
		case *syntax.CoprocClause:
			if len(p.refs) > 0 {
				p.refuse(n, "coproc is not followed, and what it reads may be an item", "use a pipe")
			}
		case *syntax.Stmt:
			p.ownInput(n)
		}
		return true
	})
}

// arithmetic evaluates names too: in $((x)) the text of x is an expression.
func (p *placer) arithmetic(all ...syntax.ArithmExpr) {
	for _, x := range all {
		if x == nil {
			continue
		}
		if c, ok := p.evaluates(x); ok {
			p.refuseItem(c, evaluates, countSafe)
		}
	}
}

func (p *placer) subscript(x syntax.ArithmExpr) {
	if x == nil {
		return
	}
	if c, ok := p.evaluates(x); ok {
		p.refuseItem(c, "is a subscript, which is arithmetic: it runs commands hidden in it", "use a variable without a subscript")
	}
}

func (p *placer) evaluates(x syntax.Node) (c carrier, ok bool) {
	if c, ok := p.carrier(x); ok {
		return c, true
	}
	syntax.Walk(x, func(n syntax.Node) bool {
		if lit, is := n.(*syntax.Lit); is && !ok && p.flows[lit.Value] {
			c, ok = carrier{int(lit.Pos().Offset()), lit.Value + ", which may hold the item,"}, true
		}
		return !ok
	})
	return c, ok
}

func (p *placer) expansion(n *syntax.ParamExp) {
	p.subscript(n.Index)
	if n.Slice != nil {
		p.arithmetic(n.Slice.Offset, n.Slice.Length)
	}
	if n.Param == nil || !p.holds(n.Param.Value) {
		return
	}
	c := carrier{int(n.Pos().Offset()), "$" + n.Param.Value + ", which may hold the item,"}
	if n.Excl && n.Names == 0 {
		p.refuseItem(c, "names another variable: a subscript in it runs commands", "")
	}
	if n.Exp != nil && n.Exp.Op == syntax.OtherParamOps {
		if word, ok := static(n.Exp.Word); !ok || word == "P" {
			p.refuseItem(c, "is expanded as a prompt, which runs commands in it", "")
		}
	}
}

// declaration refuses attributes that make later assignments run code, and
// placeholders among the words: a name may have a subscript, and a value in
// parentheses is a list that is expanded again.
func (p *placer) declaration(n *syntax.DeclClause) {
	attributes := false
	for _, a := range n.Args {
		if !a.Naked || a.Value == nil {
			continue
		}
		if c, ok := p.carrier(a); ok {
			p.refuseItem(c, "is a name or an option for "+n.Variant.Value, "")
		}
		option, ok := static(a.Value)
		if !ok || strings.HasPrefix(option, "-") && strings.ContainsAny(option, "aAin") {
			attributes = true
		}
		if n.Variant.Value != "export" && (!ok || strings.HasPrefix(option, "-") && strings.ContainsAny(option, "in")) && len(p.refs) > 0 {
			p.refuse(a.Value, n.Variant.Value+" -i and -n make an assignment run code hidden in the value", "leave the attribute out in a line with a placeholder")
		}
	}
	for _, a := range n.Args {
		c, ok := p.carrier(a)
		if !ok {
			continue
		}
		_, written := p.markOf(a)
		if why := powerful(nameOf(a)); why != "" {
			p.refuseItem(c, "is assigned to "+nameOf(a)+", which "+why, "use a variable of another name")
		}
		if attributes || written || a.Naked {
			p.refuseItem(c, "is an argument of "+n.Variant.Value, "assign first: x={}; "+n.Variant.Value+" x")
		}
	}
}

func nameOf(a *syntax.Assign) string {
	if a.Name == nil {
		return ""
	}
	return a.Name.Value
}

// markOf is a placeholder in a part of the tree.
func (p *placer) markOf(n syntax.Node) (c carrier, ok bool) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Lit:
			if !ok {
				c, ok = p.markIn(n.Value)
			}
		case *syntax.SglQuoted:
			if !ok {
				c, ok = p.markIn(n.Value)
			}
		}
		return !ok
	})
	return c, ok
}

// ownInput refuses a line that gives the shell itself, or what follows in it, a
// standard input with an item's text.
func (p *placer) ownInput(n *syntax.Stmt) {
	call, ok := n.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) != 1 {
		return
	}
	if name, _ := static(call.Args[0]); name != "exec" {
		return
	}
	for _, r := range n.Redirs {
		if c, ok := p.markOf(r); ok && (r.Hdoc != nil || r.Op == syntax.WordHdoc || p.fromProcess(r.Word)) {
			p.refuseItem(c, "is in the input of exec, which all later commands read", "give it to the one command that reads it")
		}
	}
}
