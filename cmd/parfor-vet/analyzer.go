package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// The packages are known by their paths, so that this module needs none of
// their code.
const (
	parforPath = "parfor.dev/parfor"
	dictPath   = parforPath + "/dict"
)

// Analyzer reports, in bodies, calls of package dict and nested loops whose
// context is not the body's own or made from it. Such a call doesn't belong to
// the task: what it writes stays when the task fails and is run again.
var Analyzer = &analysis.Analyzer{
	Name: "outerctx",
	Doc:  "find bodies of parfor's loops that use a context other than their own",
	URL:  "https://parfor.dev/parfor/cmd/parfor-vet",
	Run:  run,
}

// takesBody are parfor's functions whose function with a context is a body.
var takesBody = map[string]bool{
	"Map": true, "Each": true, "EachFrom": true, "Stream": true, "StreamFrom": true, "ByKey": true,
	"Associate": true, "Reduce": true, "Submit": true, "Register": true,
	"RegisterAs": true, "RegisterEach": true, "RegisterEachAs": true,
}

func run(pass *analysis.Pass) (any, error) {
	in := inspector.New(pass.Files)
	for _, b := range findBodies(pass.TypesInfo, in) {
		b.check(pass)
	}
	return nil, nil
}

// callee is the function of one of our two packages that a call names, if its
// first parameter is a context.
func callee(info *types.Info, call *ast.CallExpr) *types.Func {
	fn, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok || fn.Pkg() == nil || len(call.Args) == 0 {
		return nil
	}
	path, sig := fn.Pkg().Path(), fn.Signature()
	if startsWithContext(sig) && (path == dictPath || path == parforPath && sig.Recv() == nil) {
		return fn
	}
	return nil
}

func startsWithContext(sig *types.Signature) bool {
	return sig.Params().Len() > 0 && isContext(sig.Params().At(0).Type())
}

func isContext(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == "Context" && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "context"
}
