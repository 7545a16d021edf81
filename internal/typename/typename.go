// Package typename names types with their import paths: what two processes, or
// two runs of a program, call a type, and what tells types of equally named
// packages apart.
package typename

import (
	"fmt"
	"reflect"
)

// For is the name of T.
func For[T any]() string { return Of(reflect.TypeFor[T]()) }

// Of is the name of a type.
func Of(t reflect.Type) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.Name()
		}
		return t.PkgPath() + "." + t.Name()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + Of(t.Elem())
	case reflect.Slice:
		return "[]" + Of(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), Of(t.Elem()))
	case reflect.Map:
		return "map[" + Of(t.Key()) + "]" + Of(t.Elem())
	}
	return t.String()
}
