package parfor

import (
	"fmt"
	"strings"
)

// unregistered is the error of a body that was to leave this process.
type unregistered struct{ text string }

func (e *unregistered) Error() string { return e.text }
func (e *unregistered) Unwrap() error { return ErrNotRegistered }

// errNotRegistered says what to write. The name is bodyName's; each says that
// the body has no result.
func errNotRegistered(name string, each bool) error {
	s := shapeOf(name)
	if s == plainFunc {
		return &unregistered{fmt.Sprintf("parfor: %s is not registered: add %q at package level, so that worker processes know it too",
			name, "var _ = parfor."+verb(each)+"("+lastName(name)+")")}
	}
	return &unregistered{"parfor: not registered: " + s.advice(name, each)}
}

func verb(each bool) string {
	if each {
		return "RegisterEach"
	}
	return "Register"
}

// advice says why a function has no name that another process would know, and
// what to write instead.
func (s shape) advice(name string, each bool) string {
	as, signature := verb(each)+"As", "func(ctx context.Context, in In) (Out, error)"
	if each {
		signature = "func(ctx context.Context, in In) error"
	}
	switch s {
	case methodValue:
		typ, method := receiver(name)
		return fmt.Sprintf("%s is a method value, a new one each time it is written, and its receiver would stay behind. "+
			"Write a package-level function that gets the receiver from a parfor.PerWorker variable (or from parfor.Arg, given with parfor.With) and register that; "+
			"or, if every process makes the receiver alike, keep the value: \"var %s = parfor.%s(%q, x.%s)\" at package level, and give the loop that variable",
			strings.TrimSuffix(name, "-fm"), lower(typ)+upper(method), as, typ+"."+method, method)
	case instance:
		base := lastName(name[:strings.IndexByte(name, '[')])
		return fmt.Sprintf("%s is an instance of a generic function, a new value each time it is written. "+
			"Keep one per type: \"var %sInt = parfor.%s(%q, %s[int])\" at package level, and give the loop that variable; generic code takes the body as a parameter",
			name, lower(base), as, base+"[int]", base)
	}
	return fmt.Sprintf("%s is a closure, and what it captured would stay behind. "+
		"Make it a package variable, \"var body = parfor.%s(%q, %s { … })\", give the loop that variable, "+
		"and replace what it captured: parfor.With(v) on the loop, \"v := parfor.Arg[T](ctx)\" in the body; a client or a handle is a parfor.PerWorker variable",
		name, as, "body", signature)
}

// lastName is what the function's own package calls it.
func lastName(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return name[strings.LastIndexByte(name, '.')+1:]
}

// receiver splits a name like "host/pkg.(*client).post-fm".
func receiver(name string) (typ, method string) {
	name = strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], "-fm")
	_, rest, _ := strings.Cut(name, ".")
	dot := strings.LastIndexByte(rest, '.')
	typ, _, _ = strings.Cut(strings.Trim(rest[:max(dot, 0)], "(*)"), "[")
	return typ, rest[dot+1:]
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
