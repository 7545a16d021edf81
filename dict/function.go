package dict

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"parfor.dev/parfor/internal/registry"
)

// function is a registered function for Merge or Compute, which the owner runs
// again when it commits: it is named, never sent.
type function struct {
	name string
	site string
	fn   any // Merge: func(V, V) V

	// bind gives a Compute function its encoded argument: it returns a
	// func(old V, ok bool) (V, bool).
	bind func(arg []byte) (any, error)
}

var functions struct {
	sync.RWMutex
	byWord map[unsafe.Pointer]*function
	byName map[string]*function
}

// RegisterMerge makes a plain top-level function known to every process of the
// program, so that [Dict.Merge] can use it:
//
//	var _ = dict.RegisterMerge(longest)
//
// The function must be pure, total and quick: it runs when a task commits, with
// a part of the dictionary locked, as often as it takes; a panic fails the
// task. It gets what is there and the value merged into it, both its own to
// change. Call it in a package variable or an init function. It returns fn, and
// panics as parfor.Register does.
func RegisterMerge[V any](fn func(old, v V) V) func(old, v V) V {
	addFunction(registry.Word(&fn), fn == nil, reflect.ValueOf(fn), &function{fn: fn})
	return fn
}

// addFunction registers what RegisterMerge and RegisterCompute were called with.
func addFunction(word unsafe.Pointer, isNil bool, v reflect.Value, f *function) {
	_, file, line, _ := runtime.Caller(2)
	f.site = fmt.Sprintf("%s:%d", file, line)
	if isNil {
		panic(fmt.Sprintf("dict: a nil function is registered at %s", f.site))
	}
	f.name = runtime.FuncForPC(v.Pointer()).Name()
	if base := f.name[strings.LastIndexByte(f.name, '/')+1:]; strings.Contains(base, ".func") || strings.HasSuffix(base, "-fm") || strings.ContainsAny(base, "[(") {
		panic(fmt.Sprintf("dict: %s, registered at %s, has no name of its own: use a plain top-level function", f.name, f.site))
	}
	if at := registry.Sealed(); at != "" {
		panic(fmt.Sprintf("dict: %s is registered at %s, after process.Main at %s: register in a package variable, so that worker processes know it too", f.name, f.site, at))
	}
	functions.Lock()
	defer functions.Unlock()
	if o := functions.byName[f.name]; o != nil {
		panic(fmt.Sprintf("dict: %s is registered twice, at %s and at %s: remove one", f.name, o.site, f.site))
	}
	if functions.byName == nil {
		functions.byName, functions.byWord = map[string]*function{}, map[unsafe.Pointer]*function{}
	}
	functions.byName[f.name], functions.byWord[word] = f, f
}

// findFunction returns the registered function of a func value.
func findFunction[F any](fn F, register string) (*function, error) {
	functions.RLock()
	f := functions.byWord[registry.Word(&fn)]
	functions.RUnlock()
	if f == nil {
		name := "a nil function"
		if v := reflect.ValueOf(fn); !v.IsNil() {
			name = runtime.FuncForPC(v.Pointer()).Name()
		}
		return nil, fmt.Errorf("%s is not registered: add var _ = dict.%s(…) to its package", name, register)
	}
	return f, nil
}

func functionNamed(name string) (*function, error) {
	functions.RLock()
	defer functions.RUnlock()
	if f := functions.byName[name]; f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("no function %q is registered in this program", name)
}
