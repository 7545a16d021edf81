package dict

import (
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"

	"parfor.dev/parfor/internal/registry"
)

const thisPackage = "parfor.dev/parfor/dict"

// callerOf returns the import path of the package that called a function of this
// one, and the place.
func callerOf(function string) (pkg, site string) {
	var pcs [8]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	inside := false
	for {
		f, more := frames.Next()
		inside = inside || f.Function == function || strings.HasPrefix(f.Function, function+"[")
		if inside && f.Function != function && !strings.HasPrefix(f.Function, function+"[") {
			return packageOf(f.Function), fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "unknown", "unknown"
		}
	}
}

// packageOf cuts the import path out of a symbol name: up to the first dot
// after the last slash, where the linker wrote dots of the path as %2e.
func packageOf(function string) string {
	if i := strings.IndexByte(function, '['); i >= 0 {
		function = function[:i]
	}
	slash := strings.LastIndexByte(function, '/') + 1
	path := function
	if dot := strings.IndexByte(function[slash:], '.'); dot >= 0 {
		path = function[:slash+dot]
	}
	if p, err := url.PathUnescape(path); err == nil {
		path = p
	}
	return path
}

// sealedAt returns where process.Main ended registration, or "".
func sealedAt() string { return registry.Sealed() }

// mainRuns is set once main.main is known to run.
var mainRuns atomic.Bool

// refuseInitialisers panics while package initialisers run. Worker processes
// run them too, so that a write there would happen once per process, in each
// to a dictionary of its own.
func refuseInitialisers() {
	if !mainRuns.Load() {
		lookForMain()
	}
}

// lookForMain looks at this goroutine's stack, which nearly always answers,
// and else at that of the main goroutine; it does so until main is found once.
func lookForMain() {
	var pcs [512]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	place, function := "", ""
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == "main.main":
			mainRuns.Store(true)
			return
		case place == "" && packageOf(f.Function) != thisPackage:
			place, function = fmt.Sprintf("%s:%d", f.File, f.Line), f.Function
		}
	}
	if mainOnStack() {
		mainRuns.Store(true)
		return
	}
	panic(fmt.Sprintf("dict: used at %s (%s), while package initialisers run: worker processes run them too; use dictionaries from main on", place, function))
}

// mainOnStack reports whether goroutine 1 is past the initialisers. A program
// whose main goroutine has ended, or that is a C library, has no such
// goroutine and is past them too.
func mainOnStack() bool {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		if len(buf) >= 64<<20 {
			return true
		}
		buf = make([]byte, 2*len(buf))
	}
	all := "\n\n" + string(buf)
	at := strings.Index(all, "\n\ngoroutine 1 ")
	if at < 0 {
		return true
	}
	stack := all[at+2:]
	if end := strings.Index(stack, "\n\n"); end >= 0 {
		stack = stack[:end]
	}
	return strings.Contains(stack, "\nmain.main(")
}
