package codec

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strconv"
	"unsafe"
)

// present starts the encoding of a slice that isn't nil, so that nil and empty
// stay what they are: nil is no byte at all.
const present = 1

var (
	errMark  = errors.New("a slice that doesn't start with its mark")
	errShort = errors.New("the bytes end early")

	// native says that this machine stores numbers as the wire does.
	native = binary.NativeEndian.Uint16([]byte{1, 0}) == 1
)

func itoa(n int) string { return strconv.Itoa(n) }

// sequence is the codec of slices of numbers and of strings.
func sequence[T any](t reflect.Type) *Codec[T] {
	if t.Kind() != reflect.Slice || hasMarshaler(t.Elem()) {
		return nil
	}
	e := t.Elem()
	switch {
	case e.Kind() == reflect.String:
		return &Codec[T]{
			Append: func(dst []byte, v *T) ([]byte, error) {
				return appendStrings(dst, *(*[]string)(unsafe.Pointer(v))), nil
			},
			Decode: func(b []byte, v *T) error {
				s, err := decodeStrings(b)
				if err != nil {
					return typed[T]("decode", err)
				}
				*(*[]string)(unsafe.Pointer(v)) = s
				return nil
			},
		}
	case width(e.Kind()) > 0:
		return numbers[T](e)
	}
	return nil
}

// unclearedAt is from how many bytes on memory is not cleared before it is written
// over. Allocations of that size are aligned for any number.
const unclearedAt = 1 << 10

// numbers moves a slice of numbers as one block where memory and wire agree.
func numbers[T any](e reflect.Type) *Codec[T] {
	n, k := width(e.Kind()), e.Kind()
	block := native && int(e.Size()) == n
	elem := 0
	if block {
		elem = n
	}
	return &Codec[T]{
		elem: elem,
		bits: block && k != reflect.Bool,
		Append: func(dst []byte, v *T) ([]byte, error) {
			s := *(*[]byte)(unsafe.Pointer(v)) // only pointer and length mean the same for every element type
			if s == nil {
				return dst, nil
			}
			dst = append(dst, present)
			p := unsafe.Pointer(unsafe.SliceData(s))
			if block {
				return append(dst, unsafe.Slice((*byte)(p), len(s)*n)...), nil
			}
			for i := range len(s) {
				dst = appendNumber(dst, k, unsafe.Add(p, uintptr(i)*e.Size()))
			}
			return dst, nil
		},
		Decode: func(b []byte, v *T) error {
			rv := reflect.ValueOf(v).Elem()
			if len(b) == 0 {
				rv.SetZero()
				return nil
			}
			if b[0] != present {
				return typed[T]("decode", errMark)
			}
			b = b[1:]
			if len(b)%n != 0 {
				return badLength[T](len(b), "a multiple of "+itoa(n))
			}
			if block && k != reflect.Bool && len(b) >= unclearedAt {
				own := append([]byte(nil), b...) // which doesn't clear memory first, as make does
				*(*[]byte)(unsafe.Pointer(v)) = unsafe.Slice(unsafe.SliceData(own), len(b)/n)
				return nil
			}
			s := reflect.MakeSlice(rv.Type(), len(b)/n, len(b)/n)
			p := s.UnsafePointer()
			if block && k != reflect.Bool {
				copy(unsafe.Slice((*byte)(p), len(b)), b)
				rv.Set(s)
				return nil
			}
			for i := range len(b) / n {
				if err := decodeNumber(b[i*n:i*n+n], k, unsafe.Add(p, uintptr(i)*e.Size())); err != nil {
					return typed[T]("decode", err)
				}
			}
			rv.Set(s)
			return nil
		},
	}
}

func appendStrings(dst []byte, ss []string) []byte {
	if ss == nil {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(ss)))
	for _, s := range ss {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	return dst
}

func decodeStrings(b []byte) ([]string, error) {
	if len(b) == 0 {
		return nil, nil
	}
	n, w := binary.Uvarint(b)
	b = b[max(w, 0):]
	// each string takes a byte at least, so the count can't make us allocate
	// more than 16 times what was sent
	if w <= 0 || n > uint64(len(b)) {
		return nil, errShort
	}
	ss := make([]string, n)
	for i := range ss {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			return nil, errShort
		}
		ss[i] = string(b[w : w+int(n)])
		b = b[w+int(n):]
	}
	if len(b) > 0 {
		return nil, errors.New("bytes left over")
	}
	return ss, nil
}
