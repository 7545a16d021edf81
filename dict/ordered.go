package dict

import (
	"cmp"
	"reflect"
	"unsafe"
)

// lesser returns the order of numbers and strings, named ones included, and
// nil for other types.
func lesser[V any]() func(a, b V) bool {
	switch reflect.TypeFor[V]().Kind() {
	case reflect.Int:
		return less[int, V]
	case reflect.Int8:
		return less[int8, V]
	case reflect.Int16:
		return less[int16, V]
	case reflect.Int32:
		return less[int32, V]
	case reflect.Int64:
		return less[int64, V]
	case reflect.Uint:
		return less[uint, V]
	case reflect.Uint8:
		return less[uint8, V]
	case reflect.Uint16:
		return less[uint16, V]
	case reflect.Uint32:
		return less[uint32, V]
	case reflect.Uint64:
		return less[uint64, V]
	case reflect.Uintptr:
		return less[uintptr, V]
	case reflect.Float32:
		return less[float32, V]
	case reflect.Float64:
		return less[float64, V]
	case reflect.String:
		return less[string, V]
	}
	return nil
}

// less compares as N, the basic type under V. NaN is below all numbers, as in
// package cmp.
func less[N cmp.Ordered, V any](a, b V) bool {
	return cmp.Less(*(*N)(unsafe.Pointer(&a)), *(*N)(unsafe.Pointer(&b)))
}

// joiner returns how slices are put together, nil for other types. With grow
// the first one may be extended in its own spare memory: readers who hold the
// shorter slice don't look there.
func joiner[V any]() func(a, b V, grow bool) V {
	t := reflect.TypeFor[V]()
	if t.Kind() != reflect.Slice {
		return nil
	}
	if t.Elem().Kind() == reflect.Uint8 {
		return func(a, b V, grow bool) V {
			x, y := *(*[]byte)(unsafe.Pointer(&a)), *(*[]byte)(unsafe.Pointer(&b))
			if !grow {
				x = x[:len(x):len(x)]
			}
			x = append(x, y...)
			return *(*V)(unsafe.Pointer(&x))
		}
	}
	return func(a, b V, grow bool) V {
		x, y := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
		if !grow {
			x.SetCap(x.Len())
		}
		x.Set(reflect.AppendSlice(x, y))
		return a
	}
}
