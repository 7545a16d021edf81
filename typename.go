package parfor

import (
	"fmt"
	"reflect"
)

// typeName is the name of a type with import paths: what two processes call
// it, and what tells types of equally named packages apart.
func typeName[T any]() string { return fullName(reflect.TypeFor[T]()) }

func fullName(t reflect.Type) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.Name()
		}
		return t.PkgPath() + "." + t.Name()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + fullName(t.Elem())
	case reflect.Slice:
		return "[]" + fullName(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), fullName(t.Elem()))
	case reflect.Map:
		return "map[" + fullName(t.Key()) + "]" + fullName(t.Elem())
	}
	return t.String()
}
