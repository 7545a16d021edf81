package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// placer walks the listed positions of a tree and notes which marks stand there.
// What it does not walk is refused; so a construct that nobody thought of is
// refused too.
type placer struct {
	*marked
	lang    syntax.LangVariant
	flows   flows
	quotes  []quoting
	runs    []run
	refused *Error // the first
	shut    int    // above 0: commands are looked at, marks are not accepted
}

// surroundings is what a statement gets from what is around it.
type surroundings struct {
	items  bool // its standard input may hold an item's text
	others bool // another of its descriptors may
}

// reads is what a redirection of descriptor n makes of that.
func (s surroundings) reads(n *syntax.Lit, items bool) surroundings {
	if n == nil || n.Value == "0" {
		s.items = items
	} else {
		s.others = s.others || items
	}
	return s
}

func (p *placer) refuse(at syntax.Node, msg, safe string) {
	if p.refused == nil {
		p.refused = p.errorAt(int(at.Pos().Offset()), msg, safe)
	}
}

// refuseItem refuses what carries an item into a place of code.
func (p *placer) refuseItem(c carrier, where, safe string) {
	if p.refused == nil {
		p.refused = p.errorAt(c.at, c.name+" "+where, safe)
	}
}

func (p *placer) stmts(all []*syntax.Stmt, s surroundings) {
	for _, stmt := range all {
		p.stmt(stmt, s)
	}
}

func (p *placer) stmt(stmt *syntax.Stmt, s surroundings) {
	for _, r := range stmt.Redirs {
		s = p.redirect(r, s)
	}
	switch c := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		for _, a := range c.Assigns {
			p.assign(a)
		}
		if len(c.Args) > 0 {
			p.call(c.Args, s)
			p.words(c.Args, s)
		}
	case *syntax.IfClause:
		for ; c != nil; c = c.Else {
			p.stmts(c.Cond, s)
			p.stmts(c.Then, s)
		}
	case *syntax.WhileClause:
		p.stmts(c.Cond, s)
		p.stmts(c.Do, s)
	case *syntax.ForClause:
		if words, ok := c.Loop.(*syntax.WordIter); ok {
			p.words(words.Items, s)
		} else {
			p.inside(c.Loop, s)
		}
		p.stmts(c.Do, s)
	case *syntax.CaseClause:
		p.word(c.Word, s)
		for _, item := range c.Items {
			p.words(item.Patterns, s)
			p.stmts(item.Stmts, s)
		}
	case *syntax.Block:
		p.stmts(c.Stmts, s)
	case *syntax.Subshell:
		p.stmts(c.Stmts, s)
	case *syntax.BinaryCmd:
		p.stmt(c.X, s)
		if c.Op == syntax.Pipe || c.Op == syntax.PipeAll {
			_, fed := p.carrier(c.X)
			s.items = s.items || fed
		}
		p.stmt(c.Y, s)
	case *syntax.FuncDecl:
		// Where it is called is not followed, so anything may come on its input.
		p.stmt(c.Body, surroundings{items: true})
	case *syntax.TimeClause:
		if c.Stmt != nil {
			p.stmt(c.Stmt, s)
		}
	case *syntax.TestClause:
		p.test(c.X, s)
	case nil:
	default: // ((…)), let, declare, coproc
		p.inside(c, s)
	}
}

// redirect is what the statement's input becomes.
func (p *placer) redirect(r *syntax.Redirect, s surroundings) surroundings {
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		if r.Hdoc == nil { // it is empty
			return s.reads(r.N, false)
		}
		_, items := p.carrier(r.Hdoc)
		s = s.reads(r.N, items)
		if quoted(r.Word) {
			p.closed(func() { p.body(r.Hdoc, s) })
		} else {
			p.body(r.Hdoc, s)
		}
	case syntax.WordHdoc:
		_, items := p.carrier(r.Word)
		s = s.reads(r.N, items)
		p.word(r.Word, s)
	case syntax.RdrIn, syntax.RdrInOut:
		s = s.reads(r.N, p.fromProcess(r.Word))
		p.word(r.Word, s)
	case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
		p.word(r.Word, s)
	case syntax.DplIn:
		s = s.reads(r.N, s.items || s.others)
		p.inside(r.Word, s)
	default: // >&{} and <&{} name a descriptor, a file, or a descriptor to close
		p.inside(r.Word, s)
	}
	return s
}

// fromProcess says whether the word is <(…) with an item's text in it.
func (p *placer) fromProcess(w *syntax.Word) bool {
	found := false
	syntax.Walk(w, func(n syntax.Node) bool {
		if n, ok := n.(*syntax.ProcSubst); ok {
			_, carries := p.carrier(n)
			found = found || carries
		}
		return true
	})
	return found
}

func (p *placer) assign(a *syntax.Assign) {
	if a.Name == nil {
		return
	}
	if why := powerful(a.Name.Value); why != "" {
		if c, ok := p.carrier(a); ok {
			p.refuseItem(c, "is assigned to "+a.Name.Value+", which "+why, "use a variable of another name")
			return
		}
	}
	if a.Index != nil {
		p.inside(a.Index, surroundings{})
	}
	if a.Value != nil {
		p.word(a.Value, surroundings{})
	}
	if a.Array != nil {
		for _, e := range a.Array.Elems {
			if e.Index != nil {
				p.inside(e.Index, surroundings{})
			}
			if e.Value != nil {
				p.word(e.Value, surroundings{})
			}
		}
	}
}

func (p *placer) words(all []*syntax.Word, s surroundings) {
	for _, w := range all {
		p.word(w, s)
	}
}

func (p *placer) closed(walk func()) {
	p.shut++
	walk()
	p.shut--
}

// inside looks at the commands in a part of the tree where no mark is accepted.
func (p *placer) inside(n syntax.Node, s surroundings) {
	p.closed(func() {
		syntax.Walk(n, func(n syntax.Node) bool {
			if stmt, ok := n.(*syntax.Stmt); ok {
				p.stmt(stmt, s)
				return false
			}
			return true
		})
	})
}

// quoted says whether a here-document's delimiter is, so that its body is
// literal.
func quoted(w *syntax.Word) bool {
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); !ok || strings.Contains(lit.Value, `\`) {
			return true
		}
	}
	return false
}
