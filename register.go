package parfor

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"unsafe"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/task"
)

// Register makes a plain top-level function known under its import path and
// name, so that loops on worker processes can run it:
//
//	var _ = parfor.Register(post)
//
// It is needed only to leave this process. Call it in a package variable or an
// init function: every process of the program must do it before process.Main.
// It returns fn.
//
// It panics, naming the place and the fix, when fn has no name of its own (a
// closure, a method value, an instance of a generic function: see
// [RegisterAs]), when it is registered twice or too late, and when In or Out
// holds something that can't be sent: a func, a chan, an interface, an
// unexported field or one tagged "-" in a type without MarshalBinary and
// UnmarshalBinary.
//
// What is registered is the function's value. Two closures made from one
// literal are two functions, although they share their code.
func Register[In, Out any](fn func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	site := callerSite(2)
	return add(ownName(site, fn, "Register"), site, fn)
}

// RegisterAs is [Register] under a name of your choice, for functions that have
// none of their own. Loops must be given the very value, so keep it in a
// package variable:
//
//	var fetch = parfor.RegisterAs("fetch", newFetcher(limits))
//
// The value must be made in the same way in every process of the program: what
// a closure captured is not sent. See [With], [PerWorker].
func RegisterAs[In, Out any](name string, fn func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	site := callerSite(2)
	return add(givenName(site, name), site, fn)
}

// RegisterEach is [Register] for the bodies of [Each], which return no result.
func RegisterEach[In any](fn func(context.Context, In) error) func(context.Context, In) error {
	site := callerSite(2)
	return addEach(ownName(site, fn, "RegisterEach"), site, fn)
}

// RegisterEachAs is [RegisterAs] for the bodies of [Each].
func RegisterEachAs[In any](name string, fn func(context.Context, In) error) func(context.Context, In) error {
	site := callerSite(2)
	return addEach(givenName(site, name), site, fn)
}

func add[In, Out any](name, site string, fn func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	refuseNil(fn == nil, name, site)
	refuseType[In](name, site, "item")
	refuseType[Out](name, site, "result")
	in, out := codec.Of[In](), codec.Of[Out]()
	registry.Add(registry.Word(&fn), &registry.Body{
		Name: name, Site: site, In: typeName[In](), Out: typeName[Out](),
		Run: func(ctx context.Context, b, dst []byte) (res, tail []byte, err error) {
			item, err := itemOf(ctx, in, b)
			if err != nil {
				return dst, nil, fmt.Errorf("parfor: the item of %s: %w", name, err)
			}
			result, err := fn(ctx, item)
			if err != nil {
				return dst, nil, err
			}
			if mark, tail := out.Large(&result); tail != nil {
				return append(dst, mark...), tail, nil
			}
			res, err = out.Put(dst, result)
			if err != nil {
				return dst, nil, fmt.Errorf("parfor: the result of %s: %w", name, err)
			}
			return res, nil, nil
		},
	})
	return fn
}

func addEach[In any](name, site string, fn func(context.Context, In) error) func(context.Context, In) error {
	refuseNil(fn == nil, name, site)
	refuseType[In](name, site, "item")
	in := codec.Of[In]()
	registry.Add(registry.Word(&fn), &registry.Body{
		Name: name, Site: site, In: typeName[In](), Out: typeName[struct{}](),
		Run: func(ctx context.Context, b, dst []byte) (res, tail []byte, err error) {
			item, err := itemOf(ctx, in, b)
			if err != nil {
				return dst, nil, fmt.Errorf("parfor: the item of %s: %w", name, err)
			}
			return dst, nil, fn(ctx, item)
		},
	})
	return fn
}

// itemOf decodes a task's item, which may keep the memory of b if the worker says so.
func itemOf[In any](ctx context.Context, in *codec.Codec[In], b []byte) (In, error) {
	a := task.From(ctx)
	if a == nil || a.Kept == nil {
		return in.Get(b)
	}
	var item In
	err := in.DecodeKeep(b, &item, a.Kept)
	return item, err
}

// lookup finds the registered body of a function value, or nil.
func lookup[In, Out any](fn func(context.Context, In) (Out, error)) *registry.Body {
	return registry.Find(registry.Word(&fn))
}

// lookupEach is lookup for a body without a result.
func lookupEach[In any](fn func(context.Context, In) error) *registry.Body {
	return registry.Find(registry.Word(&fn))
}

// bodyName is what error texts and observers call a function.
func bodyName(fn any) string {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func || v.IsNil() {
		return "a nil function"
	}
	// A func is one word, so an interface holds it in place of a pointer.
	word := (*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1]
	if b := registry.Find(word); b != nil {
		return b.Name
	}
	return codeName(v.Pointer())
}

// codeName is the linker's name of a function. The linker escapes dots in the
// last element of an import path, which tells them from the one before the
// function's own name.
func codeName(pc uintptr) string {
	if f := runtime.FuncForPC(pc); f != nil {
		return f.Name()
	}
	return "a function without a name"
}

// shape says what kind of function a linker's name belongs to.
type shape int

const (
	plainFunc   shape = iota
	closure           // a function literal
	methodValue       // x.Method
	instance          // of a generic function
)

func shapeOf(name string) shape {
	_, last, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
	switch {
	case strings.HasSuffix(name, "-fm"):
		return methodValue
	case strings.Contains(last, ".func"):
		return closure
	case strings.Contains(name, "["):
		return instance
	case strings.Contains(last, "."):
		return closure
	}
	return plainFunc
}

func ownName(site string, fn any, verb string) string {
	v := reflect.ValueOf(fn)
	refuseNil(v.IsNil(), "the function", site)
	name := codeName(v.Pointer())
	if s := shapeOf(name); s != plainFunc {
		panic(fmt.Sprintf("parfor: %s at %s: %s", verb, site, s.advice(name, verb == "RegisterEach")))
	}
	return strings.ReplaceAll(name, "%2e", ".")
}

func givenName(site, name string) string {
	if name == "" {
		panic(fmt.Sprintf("parfor: RegisterAs at %s: the name is empty: give one that no other function has", site))
	}
	return name
}

func refuseNil(isNil bool, name, site string) {
	if isNil {
		panic(fmt.Sprintf("parfor: %s, registered at %s, is nil", name, site))
	}
}

func refuseType[T any](name, site, role string) {
	if err := roundTrips(reflect.TypeFor[T]()); err != nil {
		panic(fmt.Sprintf("parfor: %s, registered at %s: its %s can't be sent to another process: %v", name, site, role, err))
	}
}

// callerSite is the file and line of the caller's caller.
func callerSite(skip int) string {
	_, file, line, ok := runtime.Caller(skip)
	if !ok {
		return "an unknown place"
	}
	return fmt.Sprintf("%s:%d", file, line)
}
