package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

// check reports the body's calls with a context from elsewhere.
func (b *body) check(pass *analysis.Pass) {
	d := b.derive(pass.TypesInfo)
	b.walk(func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		if fn := callee(pass.TypesInfo, call); fn != nil && !d.made(call.Args[0]) {
			pass.Reportf(call.Args[0].Pos(), "the body of parfor.%s calls %s with %s, which is not made from the body's own context: the call is no part of the task",
				b.verb, shortName(fn), types.ExprString(call.Args[0]))
		}
	})
}

// walk visits the body's nodes without the bodies inside it: these have a
// context of their own.
func (b *body) walk(visit func(ast.Node)) {
	ast.Inspect(b.block, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok && b.all[lit.Body] {
			return false
		}
		if n != nil {
			visit(n)
		}
		return true
	})
}

// derived holds the variables made from a body's context.
type derived struct {
	info *types.Info
	vars map[types.Object]bool
}

// derive starts with the context parameter and follows assignments, in any
// order, until there is nothing new. Contexts that other functions inside the
// body are called with are trusted: who calls them isn't known.
func (b *body) derive(info *types.Info) *derived {
	d := &derived{info, map[types.Object]bool{}}
	d.trust(b.params)
	b.walk(func(n ast.Node) {
		if lit, ok := n.(*ast.FuncLit); ok {
			d.trust(lit.Type.Params)
		}
	})
	for before := -1; before != len(d.vars); {
		before = len(d.vars)
		b.walk(func(n ast.Node) { eachAssigned(n, d.assign) })
	}
	return d
}

func (d *derived) trust(params *ast.FieldList) {
	for _, field := range params.List {
		for _, id := range field.Names {
			if obj := d.info.Defs[id]; obj != nil && isContext(obj.Type()) {
				d.vars[obj] = true
			}
		}
	}
}

func (d *derived) assign(name, value ast.Expr) {
	id, ok := name.(*ast.Ident)
	if !ok || id.Name == "_" || !d.made(value) {
		return
	}
	if obj := d.info.ObjectOf(id); obj != nil {
		d.vars[obj] = true
	}
}

// made tells whether a value comes from the body's context: it names a derived
// variable anywhere, but for calls of package context, whose parent decides.
func (d *derived) made(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			fn := typeutil.Callee(d.info, n)
			if fn != nil && fn.Pkg() != nil && fn.Pkg().Path() == "context" && len(n.Args) > 0 {
				found = found || d.made(n.Args[0])
				return false
			}
		case *ast.Ident:
			found = found || d.vars[d.info.ObjectOf(n)]
		}
		return !found
	})
	return found
}

// shortName is dict.Make, or Dict.Set for a method.
func shortName(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return fn.Pkg().Name() + "." + fn.Name()
	}
	t := recv.Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name() + "." + fn.Name()
	}
	return fn.Name()
}
