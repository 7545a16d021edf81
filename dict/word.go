package dict

import (
	"reflect"
	"unsafe"
)

// wordSized reports whether values of t fit a word of 8 bytes and hold no
// pointer, so that the word is the value.
func wordSized(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64:
		return true
	case reflect.Struct:
		return t.NumField() == 0
	}
	return false
}

// toWord returns the bits of a value that is wordSized. The switch is decided
// when the function is compiled for a type.
func toWord[T any](v T) uint64 {
	switch unsafe.Sizeof(v) {
	case 1:
		return uint64(*(*uint8)(unsafe.Pointer(&v)))
	case 2:
		return uint64(*(*uint16)(unsafe.Pointer(&v)))
	case 4:
		return uint64(*(*uint32)(unsafe.Pointer(&v)))
	case 8:
		return *(*uint64)(unsafe.Pointer(&v))
	}
	return 0
}

// fromWord is the inverse of toWord.
func fromWord[T any](w uint64) (v T) {
	switch unsafe.Sizeof(v) {
	case 1:
		*(*uint8)(unsafe.Pointer(&v)) = uint8(w)
	case 2:
		*(*uint16)(unsafe.Pointer(&v)) = uint16(w)
	case 4:
		*(*uint32)(unsafe.Pointer(&v)) = uint32(w)
	case 8:
		*(*uint64)(unsafe.Pointer(&v)) = w
	}
	return v
}

// ringOf returns the bits that integers of a type have in their word, 0 for
// other types: integers wrap around, so sums of words are words of sums.
func ringOf(t reflect.Type) uint64 {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return ^uint64(0) >> (64 - 8*t.Size())
	}
	return 0
}

// maxWord is the largest word that is a value of a type. A bool that is
// neither 0 nor 1 would be undefined behaviour.
func maxWord(t reflect.Type) uint64 {
	switch {
	case t.Kind() == reflect.Bool:
		return 1
	case t.Size() == 0:
		return 0
	}
	return ^uint64(0) >> (64 - 8*t.Size())
}
