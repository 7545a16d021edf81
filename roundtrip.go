package parfor

import (
	"encoding"
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// roundTrips reports why values of t would not arrive in another process as
// they are here, naming the field and the fix; nil when they would.
func roundTrips(t reflect.Type) error {
	if t == errorType {
		return nil // has a codec of its own
	}
	w := typeWalk{seen: map[reflect.Type]bool{}}
	return w.check(t, shortName(t))
}

// errorRoundTrips is roundTrips for a type of error, whose direct fields of
// type error are sent as errors.
func errorRoundTrips(t reflect.Type) error {
	w := typeWalk{seen: map[reflect.Type]bool{}, errorFields: true}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return w.check(t, shortName(t))
}

const (
	openElsewhere = "open it where it is needed, with parfor.PerWorker, instead of sending it"
	makeMarshaler = "give the type MarshalBinary and UnmarshalBinary methods"
)

var errorType = reflect.TypeFor[error]()

// typeWalk visits a type and what it is made of, each type once.
type typeWalk struct {
	seen        map[reflect.Type]bool
	errorFields bool // the outermost struct may have fields of type error
}

func (w *typeWalk) check(t reflect.Type, path string) error {
	if w.seen[t] {
		return nil
	}
	w.seen[t] = true
	if method := marshalMethod(t); method != "" {
		return promoted(t, path, method)
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return fmt.Errorf("%s is a %v (%v): %s", path, t.Kind(), t, openElsewhere)
	case reflect.Interface:
		if t == errorType {
			return fmt.Errorf("%s is an error inside a value: return it as the body's error, or send its text", path)
		}
		return fmt.Errorf("%s is an interface (%v), which doesn't say what to decode: use a concrete type, or %s", path, t, openElsewhere)
	case reflect.Pointer:
		return w.check(t.Elem(), path)
	case reflect.Slice, reflect.Array:
		return w.check(t.Elem(), path+"[]")
	case reflect.Map:
		if t.Key().Kind() == reflect.Pointer {
			return fmt.Errorf("the keys of %s are pointers (%v), which are others in another process: use what they point to", path, t.Key())
		}
		if err := w.check(t.Key(), path+"'s keys"); err != nil {
			return err
		}
		return w.check(t.Elem(), path+"[]")
	case reflect.Struct:
		return w.fields(t, path, map[string]string{})
	}
	return nil
}

// fields checks a struct's fields; names are those on the wire, so far.
func (w *typeWalk) fields(t reflect.Type, path string, names map[string]string) error {
	outermost := w.errorFields
	w.errorFields = false
	for i := range t.NumField() {
		f := t.Field(i)
		at := path + "." + f.Name
		name, tagged := wireName(f)
		switch {
		case f.Name == "_":
			continue
		case name == "" && tagged:
			return fmt.Errorf("%s is tagged %q and would be lost: remove the tag, or %s", at, "-", makeMarshaler)
		case outermost && f.Type == errorType && f.IsExported():
			continue
		case f.Anonymous && !tagged && structBehind(f.Type):
			if err := w.embedded(f, at, names); err != nil {
				return err
			}
			continue
		case !f.IsExported():
			return fmt.Errorf("%s is unexported and would be lost: export it, or %s", at, makeMarshaler)
		}
		if other, ok := names[name]; ok {
			return fmt.Errorf("%s and %s are both called %q in the encoding: give one of them another json or cbor tag", other, at, name)
		}
		names[name] = at
		if err := w.check(f.Type, at); err != nil {
			return err
		}
	}
	return nil
}

// embedded checks a struct whose fields are encoded as if they were the outer
// one's.
func (w *typeWalk) embedded(f reflect.StructField, at string, names map[string]string) error {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		if !f.IsExported() {
			return fmt.Errorf("%s is an embedded pointer to an unexported type, which can't be set when decoding: embed the value, or %s", at, makeMarshaler)
		}
		t = t.Elem()
	}
	if w.seen[t] {
		return nil
	}
	return w.fields(t, at, names)
}

// structBehind reports whether t is a struct, or a pointer to one, that is
// encoded field by field.
func structBehind(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && marshalMethod(t) == ""
}

// wireName is a field's name in the encoding. It is empty with a tag for a
// field that is left out.
func wireName(f reflect.StructField) (name string, tagged bool) {
	tag, ok := f.Tag.Lookup("cbor")
	if !ok {
		tag = f.Tag.Get("json")
	}
	if tag == "-" {
		return "", true
	}
	if name, _, _ = strings.Cut(tag, ","); name != "" {
		return name, true
	}
	return f.Name, false
}

// marshalMethod names the method by which values of t encode themselves, if t
// has it and its counterpart.
func marshalMethod(t reflect.Type) string {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return ""
	}
	p := reflect.PointerTo(t)
	switch {
	case has[interface{ UnmarshalCBOR([]byte) error }](p) && has[interface{ MarshalCBOR() ([]byte, error) }](p):
		return "MarshalCBOR"
	case has[encoding.BinaryUnmarshaler](p) && has[encoding.BinaryAppender](p):
		return "AppendBinary"
	case has[encoding.BinaryUnmarshaler](p) && has[encoding.BinaryMarshaler](p):
		return "MarshalBinary"
	case has[encoding.TextUnmarshaler](p) && has[encoding.TextMarshaler](p):
		return "MarshalText"
	}
	return ""
}

func has[I any](t reflect.Type) bool { return t.Implements(reflect.TypeFor[I]()) }

// promoted refuses a struct that only has its marshal method from an embedded
// field: its other fields would be lost without a word (struct{ time.Time; N
// int } is the classic).
func promoted(t reflect.Type, path, method string) error {
	if t.Kind() != reflect.Struct || t.NumField() < 2 {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && embeddedHas(f.Type, method) && !ownMethod(t, method) {
			return fmt.Errorf("%s encodes itself with the %s of its embedded %v, and its other fields would be lost: name the field, or %s",
				path, method, f.Type, makeMarshaler)
		}
	}
	return nil
}

func embeddedHas(t reflect.Type, method string) bool {
	_, ok := findMethod(t, method)
	return ok
}

// ownMethod reports whether t declares the method itself. The compiler writes
// the promoted ones, and says so in place of a file.
func ownMethod(t reflect.Type, method string) bool {
	m, ok := findMethod(t, method)
	if !ok {
		return false
	}
	file, _ := runtime.FuncForPC(m.Func.Pointer()).FileLine(m.Func.Pointer())
	return file != "<autogenerated>"
}

// findMethod prefers the method of the value to that of the pointer, which the
// compiler also writes. Its names are constants, so that the linker can go on
// dropping methods nobody calls.
func findMethod(t reflect.Type, method string) (m reflect.Method, ok bool) {
	for _, r := range []reflect.Type{t, reflect.PointerTo(t)} {
		switch method {
		case "MarshalCBOR":
			m, ok = r.MethodByName("MarshalCBOR")
		case "AppendBinary":
			m, ok = r.MethodByName("AppendBinary")
		case "MarshalBinary":
			m, ok = r.MethodByName("MarshalBinary")
		case "MarshalText":
			m, ok = r.MethodByName("MarshalText")
		}
		if ok {
			return m, true
		}
	}
	return m, false
}

func shortName(t reflect.Type) string {
	if t.Name() == "" && t.Kind() == reflect.Struct {
		return "struct"
	}
	return t.String()
}
