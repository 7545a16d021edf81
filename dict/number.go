package dict

import (
	"reflect"
	"unsafe"
)

type number interface {
	int | int8 | int16 | int32 | int64 |
		uint | uint8 | uint16 | uint32 | uint64 | uintptr |
		float32 | float64 | complex64 | complex128
}

// adder returns the addition of a number type, named ones included, and nil
// for other types. A dictionary asks once: a type switch in each Add would not
// know named types. It takes and returns values: a pointer would escape.
func adder[V any]() func(a, b V) V {
	switch reflect.TypeFor[V]().Kind() {
	case reflect.Int:
		return plus[int, V]
	case reflect.Int8:
		return plus[int8, V]
	case reflect.Int16:
		return plus[int16, V]
	case reflect.Int32:
		return plus[int32, V]
	case reflect.Int64:
		return plus[int64, V]
	case reflect.Uint:
		return plus[uint, V]
	case reflect.Uint8:
		return plus[uint8, V]
	case reflect.Uint16:
		return plus[uint16, V]
	case reflect.Uint32:
		return plus[uint32, V]
	case reflect.Uint64:
		return plus[uint64, V]
	case reflect.Uintptr:
		return plus[uintptr, V]
	case reflect.Float32:
		return plus[float32, V]
	case reflect.Float64:
		return plus[float64, V]
	case reflect.Complex64:
		return plus[complex64, V]
	case reflect.Complex128:
		return plus[complex128, V]
	}
	return nil
}

// plus adds in N, the basic type under V.
func plus[N number, V any](a, b V) V {
	*(*N)(unsafe.Pointer(&a)) += *(*N)(unsafe.Pointer(&b))
	return a
}
