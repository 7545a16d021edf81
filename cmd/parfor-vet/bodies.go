package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// body is a function that one of parfor's functions was given to run.
type body struct {
	verb   string // the function it was given to
	params *ast.FieldList
	block  *ast.BlockStmt
	all    map[ast.Node]bool // the blocks of every body: each is checked for itself
}

// findBodies finds the package's bodies in the order of their first use.
func findBodies(info *types.Info, in *inspector.Inspector) []*body {
	code := functions(info, in)
	var found []*body
	all := map[ast.Node]bool{}
	in.Preorder([]ast.Node{(*ast.CallExpr)(nil)}, func(n ast.Node) {
		call := n.(*ast.CallExpr)
		fn, ok := typeutil.Callee(info, call).(*types.Func)
		if !ok || fn.Pkg() == nil || fn.Pkg().Path() != parforPath || fn.Signature().Recv() != nil || !takesBody[fn.Name()] {
			return
		}
		for _, arg := range call.Args {
			sig, ok := info.TypeOf(arg).Underlying().(*types.Signature)
			if !ok || !startsWithContext(sig) {
				continue
			}
			for _, b := range code.of(info, arg) {
				if !all[b.block] {
					all[b.block] = true
					b.verb, b.all = fn.Name(), all
					found = append(found, b)
				}
			}
		}
	})
	return found
}

// code holds the package's functions by name, and the literals that variables
// were given.
type code map[types.Object][]*body

func functions(info *types.Info, in *inspector.Inspector) code {
	c := code{}
	give := func(name, value ast.Expr) {
		id, isName := name.(*ast.Ident)
		lit, isLit := ast.Unparen(value).(*ast.FuncLit)
		if isName && isLit {
			obj := info.ObjectOf(id)
			c[obj] = append(c[obj], &body{params: lit.Type.Params, block: lit.Body})
		}
	}
	in.Preorder([]ast.Node{(*ast.FuncDecl)(nil), (*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil)}, func(n ast.Node) {
		if f, ok := n.(*ast.FuncDecl); ok && f.Body != nil {
			c[info.Defs[f.Name]] = []*body{{params: f.Type.Params, block: f.Body}}
		}
		eachAssigned(n, give)
	})
	return c
}

// of is what is known of a function value: a literal, a function, a method
// value, an instance of a generic function, a variable.
func (c code) of(info *types.Info, e ast.Expr) []*body {
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return []*body{{params: e.Type.Params, block: e.Body}}
	case *ast.IndexExpr:
		return c.of(info, e.X)
	case *ast.IndexListExpr:
		return c.of(info, e.X)
	case *ast.SelectorExpr:
		return c.of(info, e.Sel)
	case *ast.Ident:
		obj := info.ObjectOf(e)
		if fn, ok := obj.(*types.Func); ok {
			obj = fn.Origin()
		}
		return c[obj]
	}
	return nil
}

// eachAssigned calls give for each name and the value it gets; a call with
// several results gives itself to each of the names.
func eachAssigned(n ast.Node, give func(name, value ast.Expr)) {
	pair := func(names, values []ast.Expr) {
		for i, name := range names {
			if len(values) > 0 {
				give(name, values[min(i, len(values)-1)])
			}
		}
	}
	switch n := n.(type) {
	case *ast.AssignStmt:
		pair(n.Lhs, n.Rhs)
	case *ast.ValueSpec:
		var names []ast.Expr
		for _, id := range n.Names {
			names = append(names, id)
		}
		pair(names, n.Values)
	}
}
