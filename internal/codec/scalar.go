package codec

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"reflect"
	"unsafe"
)

var (
	errRange = errors.New("the number doesn't fit an int of this machine")
	errBool  = errors.New("a bool that is neither 0 nor 1")
)

// width is the size on the wire of a number or bool, 0 for other kinds.
func width(k reflect.Kind) int {
	switch k {
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return 1
	case reflect.Int16, reflect.Uint16:
		return 2
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return 4
	case reflect.Int, reflect.Uint, reflect.Uintptr, reflect.Int64, reflect.Uint64, reflect.Float64, reflect.Complex64:
		return 8
	case reflect.Complex128:
		return 16
	}
	return 0
}

// scalar is the codec of numbers, bools and the empty struct.
func scalar[T any](t reflect.Type) *Codec[T] {
	n := width(t.Kind())
	switch {
	case t.Kind() == reflect.Struct && t.NumField() == 0:
		return &Codec[T]{
			Append: func(dst []byte, _ *T) ([]byte, error) { return dst, nil },
			Decode: func(b []byte, _ *T) error { return exactly[T](b, 0) },
		}
	case t.Kind() == reflect.String:
		return &Codec[T]{
			Text:   true,
			Append: func(dst []byte, v *T) ([]byte, error) { return append(dst, *(*string)(unsafe.Pointer(v))...), nil },
			Decode: func(b []byte, v *T) error { *(*string)(unsafe.Pointer(v)) = string(b); return nil },
		}
	case n == 0:
		return nil
	case n == 8 && t.Kind() != reflect.Complex64 && t.Size() == 8:
		return &Codec[T]{Append: appendWord[T], Decode: decodeWord[T], Fixed: 8, word: true}
	}
	k := t.Kind()
	return &Codec[T]{
		Append: func(dst []byte, v *T) ([]byte, error) { return appendNumber(dst, k, unsafe.Pointer(v)), nil },
		Decode: func(b []byte, v *T) error {
			if err := exactly[T](b, n); err != nil {
				return err
			}
			if err := decodeNumber(b, k, unsafe.Pointer(v)); err != nil {
				return typed[T]("decode", err)
			}
			return nil
		},
		Fixed: n,
	}
}

func appendWord[T any](dst []byte, v *T) ([]byte, error) {
	return binary.LittleEndian.AppendUint64(dst, *(*uint64)(unsafe.Pointer(v))), nil
}

func decodeWord[T any](b []byte, v *T) error {
	if err := exactly[T](b, 8); err != nil {
		return err
	}
	*(*uint64)(unsafe.Pointer(v)) = binary.LittleEndian.Uint64(b)
	return nil
}

func exactly[T any](b []byte, n int) error {
	if len(b) != n {
		return badLength[T](len(b), itoa(n))
	}
	return nil
}

// appendNumber writes the number of kind k at p.
func appendNumber(dst []byte, k reflect.Kind, p unsafe.Pointer) []byte {
	le := binary.LittleEndian
	switch k {
	case reflect.Int:
		return le.AppendUint64(dst, uint64(*(*int)(p)))
	case reflect.Uint:
		return le.AppendUint64(dst, uint64(*(*uint)(p)))
	case reflect.Uintptr:
		return le.AppendUint64(dst, uint64(*(*uintptr)(p)))
	case reflect.Complex64:
		w := (*[2]uint32)(p)
		return le.AppendUint32(le.AppendUint32(dst, w[0]), w[1])
	case reflect.Complex128:
		w := (*[2]uint64)(p)
		return le.AppendUint64(le.AppendUint64(dst, w[0]), w[1])
	}
	switch width(k) {
	case 1:
		return append(dst, *(*uint8)(p))
	case 2:
		return le.AppendUint16(dst, *(*uint16)(p))
	case 4:
		return le.AppendUint32(dst, *(*uint32)(p))
	default:
		return le.AppendUint64(dst, *(*uint64)(p))
	}
}

// decodeNumber reads the number of kind k into p. b has its width.
func decodeNumber(b []byte, k reflect.Kind, p unsafe.Pointer) error {
	le := binary.LittleEndian
	switch k {
	case reflect.Bool:
		// any other byte in a bool's memory would be undefined behaviour
		if b[0] > 1 {
			return errBool
		}
		*(*bool)(p) = b[0] == 1
		return nil
	case reflect.Int:
		v := int64(le.Uint64(b))
		if bits.UintSize == 32 && v != int64(int32(v)) {
			return errRange
		}
		*(*int)(p) = int(v)
		return nil
	case reflect.Uint, reflect.Uintptr:
		v := le.Uint64(b)
		if bits.UintSize == 32 && v > 1<<32-1 {
			return errRange
		}
		if k == reflect.Uint {
			*(*uint)(p) = uint(v)
		} else {
			*(*uintptr)(p) = uintptr(v)
		}
		return nil
	case reflect.Complex64:
		*(*[2]uint32)(p) = [2]uint32{le.Uint32(b), le.Uint32(b[4:])}
		return nil
	case reflect.Complex128:
		*(*[2]uint64)(p) = [2]uint64{le.Uint64(b), le.Uint64(b[8:])}
		return nil
	}
	switch width(k) {
	case 1:
		*(*uint8)(p) = b[0]
	case 2:
		*(*uint16)(p) = le.Uint16(b)
	case 4:
		*(*uint32)(p) = le.Uint32(b)
	default:
		*(*uint64)(p) = le.Uint64(b)
	}
	return nil
}
