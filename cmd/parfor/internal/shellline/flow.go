package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// carrier is what brings an item's text to a place: a placeholder, or a variable
// of the line that may hold it.
type carrier struct {
	at   int // its offset in the marked source
	name string
}

// flows are the line's variables that may hold an item's text. "@" stands for
// the positional parameters.
type flows map[string]bool

// follow finds them: an item that reaches eval through x={} is as much code as
// one that stands there. What comes back from a command substitution with an
// item among its words counts; what a file named by the item holds does not.
func (p *placer) follow(f *syntax.File) flows {
	// The command itself puts items there.
	p.flows = flows{"PARFOR_ITEM": true, "PARFOR_KEY": true}
	if len(p.refs) > 0 {
		p.flows["_"] = true // the last word of the command before
	}
	functions := map[string]bool{}
	syntax.Walk(f, func(n syntax.Node) bool {
		if f, ok := n.(*syntax.FuncDecl); ok && f.Name != nil {
			functions[f.Name.Value] = true
		}
		return true
	})
	for known := -1; known != len(p.flows); {
		known = len(p.flows)
		syntax.Walk(f, func(n syntax.Node) bool {
			p.flow(n, f, functions)
			return true
		})
	}
	return p.flows
}

func (p *placer) flow(n syntax.Node, f *syntax.File, functions map[string]bool) {
	switch n := n.(type) {
	case *syntax.Assign:
		if _, ok := p.carrier(n); ok && n.Name != nil && !n.Naked {
			p.flows[n.Name.Value] = true
		}
	case *syntax.WordIter:
		_, ok := p.anyCarrier(n.Items)
		if ok || !n.InPos.IsValid() && p.flows["@"] {
			p.taint(n.Name.Value, n.Name)
		}
	case *syntax.ParamExp: // ${x:=$y}
		if n.Exp != nil && n.Exp.Word != nil && n.Param != nil {
			if _, ok := p.carrier(n.Exp.Word); ok {
				p.taint(n.Param.Value, n.Param)
			}
		}
	case *syntax.BinaryTest:
		if _, ok := p.carrier(n); ok && n.Op == syntax.TsReMatch {
			p.flows["BASH_REMATCH"] = true
		}
	case *syntax.CallExpr:
		p.flowCall(n, f, functions)
	}
}

func (p *placer) flowCall(n *syntax.CallExpr, f *syntax.File, functions map[string]bool) {
	if len(n.Args) == 0 {
		return
	}
	name, _ := static(n.Args[0])
	args := n.Args[1:]
	for name == "command" || name == "builtin" {
		if len(args) == 0 {
			return
		}
		name, _ = static(args[0])
		args = args[1:]
	}
	_, carries := p.anyCarrier(args)
	switch {
	case name == "set" || functions[name]:
		if carries {
			p.flows["@"] = true
		}
	case name == "printf" && carries:
		p.names(args)
	case name == "read" || name == "readarray" || name == "mapfile":
		if p.piped(f) {
			p.flows["REPLY"], p.flows["MAPFILE"] = true, true
			p.names(args)
		}
	case name == "getopts" && p.flows["@"]:
		p.flows["OPTARG"] = true
		p.names(args)
	}
}

// taint notes a variable, and refuses one that is more than a place for data:
// for RANDOM in {} evaluates the item.
func (p *placer) taint(name string, at syntax.Node) {
	p.flows[name] = true
	if why := powerful(name); why != "" && name != "REPLY" && name != "MAPFILE" {
		p.refuse(at, "an item may be assigned to "+name+", which "+why, "use a variable of another name")
	}
}

// names are the words that may be variables' names.
func (p *placer) names(args []*syntax.Word) {
	for _, w := range args {
		if s, ok := static(w); ok && syntax.ValidName(s) {
			p.taint(s, w)
		}
	}
}

// piped says whether an item's text comes on any standard input of the line.
func (p *placer) piped(f *syntax.File) bool {
	found := false
	syntax.Walk(f, func(n syntax.Node) bool {
		var from syntax.Node
		switch n := n.(type) {
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				from = n.X
			}
		case *syntax.ProcSubst:
			from = n
		case *syntax.Redirect:
			switch {
			case n.Hdoc != nil:
				from = n.Hdoc
			case n.Op == syntax.WordHdoc:
				from = n.Word
			}
		}
		if from != nil {
			_, ok := p.carrier(from)
			found = found || ok
		}
		return true
	})
	return found
}

func (p *placer) anyCarrier(all []*syntax.Word) (carrier, bool) {
	for _, w := range all {
		if c, ok := p.carrier(w); ok {
			return c, true
		}
	}
	return carrier{}, false
}

// carrier is the first thing in a part of the tree that brings an item's text:
// a placeholder anywhere, a variable outside a file's name.
func (p *placer) carrier(n syntax.Node) (found carrier, ok bool) {
	syntax.Walk(n, func(n syntax.Node) bool {
		if ok {
			return false
		}
		switch n := n.(type) {
		case *syntax.Redirect:
			return n.Hdoc != nil || n.Op == syntax.WordHdoc || p.fromProcess(n.Word)
		case *syntax.Lit:
			found, ok = p.markIn(n.Value)
		case *syntax.SglQuoted:
			found, ok = p.markIn(n.Value)
		case *syntax.ParamExp:
			if n.Param != nil && !n.Length && (p.holds(n.Param.Value) || n.Excl && n.Names == 0 && len(p.refs) > 0) {
				found, ok = carrier{int(n.Pos().Offset()), "$" + n.Param.Value + ", which may hold the item,"}, true
			}
		}
		return !ok
	})
	return found, ok
}

func (p *placer) markIn(text string) (carrier, bool) {
	for _, k := range marksIn(text) {
		if k < len(p.starts) {
			return carrier{p.starts[k], p.shown[k]}, true
		}
	}
	return carrier{}, false
}

// holds says whether a variable may hold an item's text.
func (p *placer) holds(name string) bool {
	if name == "*" || strings.Trim(name, "0123456789") == "" {
		return p.flows["@"] && name != "0"
	}
	return p.flows[name]
}
