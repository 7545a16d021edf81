package entryfile

import (
	"cmp"
	"reflect"
)

// Order compares keys of a type: numbers as numbers, strings by their bytes,
// false before true, arrays and structs by their first difference.
func Order(t reflect.Type) func(a, b reflect.Value) int {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Int(), b.Int()) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Uint(), b.Uint()) }
	case reflect.Float32, reflect.Float64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Float(), b.Float()) }
	case reflect.Complex64, reflect.Complex128:
		return func(a, b reflect.Value) int {
			x, y := a.Complex(), b.Complex()
			return cmp.Or(cmp.Compare(real(x), real(y)), cmp.Compare(imag(x), imag(y)))
		}
	case reflect.String:
		return func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }
	case reflect.Bool:
		return func(a, b reflect.Value) int {
			switch {
			case a.Bool() == b.Bool():
				return 0
			case b.Bool():
				return -1
			}
			return 1
		}
	case reflect.Array:
		of := Order(t.Elem())
		return func(a, b reflect.Value) int {
			for i := range a.Len() {
				if d := of(a.Index(i), b.Index(i)); d != 0 {
					return d
				}
			}
			return 0
		}
	case reflect.Struct:
		return fieldOrder(t)
	}
	return func(a, b reflect.Value) int { return 0 }
}

func fieldOrder(t reflect.Type) func(a, b reflect.Value) int {
	of := make([]func(a, b reflect.Value) int, t.NumField())
	for i := range of {
		if f := t.Field(i); f.Name != "_" {
			of[i] = Order(f.Type)
		}
	}
	return func(a, b reflect.Value) int {
		for i, f := range of {
			if f == nil {
				continue
			}
			if d := f(a.Field(i), b.Field(i)); d != 0 {
				return d
			}
		}
		return 0
	}
}
