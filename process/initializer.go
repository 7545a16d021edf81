package process

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"parfor.dev/parfor/internal/registry"
)

// RegisterInit registers a function for [WorkerInit] and returns it. Call it in
// a package variable. It panics on what is not a plain top-level function: a
// worker could not find it by its name.
func RegisterInit(fn func(context.Context) error) func(context.Context) error {
	site := "an unknown place"
	if _, file, line, ok := runtime.Caller(1); ok {
		site = fmt.Sprintf("%s:%d", file, line)
	}
	name := funcName(fn)
	base := name[strings.LastIndexByte(name, '/')+1:]
	if strings.HasSuffix(name, "-fm") || strings.Contains(base, ".func") || strings.Contains(name, "[...]") || strings.Contains(base, ".glob.") {
		panic(fmt.Sprintf("parfor: %s at %s can't be an initializer: write a top-level function", name, site))
	}
	registry.Add(registry.Word(&fn), &registry.Body{
		Name: "initializer " + name, Site: site,
		Run: func(ctx context.Context, _, dst []byte) (out, tail []byte, err error) { return dst, nil, fn(ctx) },
	})
	return fn
}

func funcName(fn any) string {
	if f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()); f != nil {
		return f.Name()
	}
	return "the function"
}
