package entryfile

import (
	"fmt"
	"reflect"
	"strings"
)

// fitting finds out whether encoding/json would lose something of values of a
// type.
type fitting struct {
	seen    map[reflect.Type]bool
	structs bool // there is one inside that encoding/json takes apart
}

// walk says what would be lost, nil for nothing.
func (f *fitting) walk(t reflect.Type, path string) error {
	if f.seen[t] {
		return nil
	}
	f.seen[t] = true
	out, in := "", ""
	switch {
	case t.Kind() == reflect.Pointer:
		return f.walk(t.Elem(), path)
	case marshalsJSON(t):
		if out, in = "MarshalJSON", "UnmarshalJSON"; unmarshalsJSON(t) {
			return nil
		}
	case marshalsText(t):
		if out, in = "MarshalText", "UnmarshalText"; unmarshalsText(t) || unmarshalsJSON(t) {
			return nil
		}
	}
	if out != "" {
		return misfit(t, path, fmt.Sprintf("it has %s and no %s, so that it could not be loaded: add that", out, in))
	}
	switch t.Kind() {
	case reflect.Complex64, reflect.Complex128, reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Interface:
		return misfit(t, path, "JSON has no such values; give it MarshalJSON and UnmarshalJSON, or use two numbers")
	case reflect.Slice, reflect.Array:
		return f.walk(t.Elem(), path+"[…]")
	case reflect.Map:
		if k := t.Key(); !namesMap(k) {
			return misfit(k, path+" (map key)", "JSON names entries by strings and integers; use these, or give it MarshalText and UnmarshalText")
		}
		return f.walk(t.Elem(), path+"[…]")
	case reflect.Struct:
		return f.fields(t, path)
	}
	return nil
}

func namesMap(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	}
	return t.Implements(textMarshaler) && unmarshalsText(t)
}

func (f *fitting) fields(t reflect.Type, path string) error {
	f.structs = true
	names := map[string]bool{}
	for i := range t.NumField() {
		x := t.Field(i)
		at := strings.TrimPrefix(path+"."+x.Name, ".")
		name := fieldName(x)
		switch {
		case x.Name == "_": // == ignores it, too
			continue
		case x.Anonymous && (x.IsExported() || x.Type.Kind() == reflect.Struct):
		case !x.IsExported():
			return misfit(t, path, fmt.Sprintf("its field %s is not exported, and it has no MarshalJSON: export the field, or add MarshalJSON and UnmarshalJSON", x.Name))
		case name == "":
			return misfit(t, path, fmt.Sprintf("its field %s has the tag \"-\": take that away", x.Name))
		case names[name]:
			return misfit(t, path, fmt.Sprintf("two of its fields have the name %q: rename one", name))
		}
		names[name] = true
		if err := f.walk(x.Type, at); err != nil {
			return err
		}
	}
	return nil
}

// fieldName is what encoding/json calls a field, "" for not at all.
func fieldName(x reflect.StructField) string {
	tag := x.Tag.Get("json")
	if tag == "-" {
		return ""
	}
	if name, _, _ := strings.Cut(tag, ","); name != "" {
		return name
	}
	return x.Name
}

func misfit(t reflect.Type, path, why string) error {
	if path == "" {
		return fmt.Errorf("%v has no full form in JSON: %s", t, why)
	}
	return fmt.Errorf("%s, of type %v, has no full form in JSON: %s", path, t, why)
}
