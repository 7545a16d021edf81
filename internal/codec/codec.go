// Package codec turns items, results and dictionary entries into bytes. The
// codec of a type is chosen once, at first use: encoding.BinaryAppender or
// BinaryMarshaler with BinaryUnmarshaler where the type has them; raw for
// numbers, strings, []byte, slices of them and structs of plain numbers; else
// the fallback that package process or dict injects (CBOR).
//
// An encoding carries no length of its own: whoever stores it knows where it
// ends. Numbers are little-endian and int is 8 bytes on every machine.
package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// Codec encodes values of one type. All methods and functions are safe for
// concurrent use; Decode copies what it keeps of b.
//
// A pointer given to Append or Decode escapes to the heap, as the call is
// indirect. Where the value is in a local variable use [Codec.Put] and
// [Codec.Get], which cost no allocation for numbers.
type Codec[T any] struct {
	Append func(dst []byte, v *T) ([]byte, error)
	Decode func(b []byte, v *T) error
	Fixed  int    // bytes of every encoding, 0 if they vary
	Kind   string // "raw"; "binary", of types with methods for it; "cbor", of the fallback

	Text bool // T is a kind of string, and its encoding its bytes

	word bool // 8 raw bytes that are T's memory on this machine
	elem int  // T is a slice whose memory, of elements of that size, is its encoding but for the mark
	bits bool // ... and any bytes are elements of it
}

// Fallback encodes what no codec of this package fits. Package cborcodec sets
// it in an init function; it is read at each use, because the codec of a type
// may be chosen in a package variable before that.
var Fallback interface {
	Append(dst []byte, v any) ([]byte, error)
	Decode(b []byte, ptr any) error
}

// ErrNoFallback is the error of a type that needs the fallback in a program
// that links none.
var ErrNoFallback = errors.New("no codec linked in: import parfor.dev/parfor/process")

var cache sync.Map // reflect.Type -> *Codec[T]

// Of returns the codec of T, always the same one. The first call for a type
// costs some reflection, later ones a lookup: keep the result in a loop.
func Of[T any]() *Codec[T] {
	t := reflect.TypeFor[T]()
	if c, ok := cache.Load(t); ok {
		return c.(*Codec[T])
	}
	c, _ := cache.LoadOrStore(t, choose[T](t))
	return c.(*Codec[T])
}

func choose[T any](t reflect.Type) *Codec[T] {
	for _, f := range []struct {
		kind string
		make func(reflect.Type) *Codec[T]
	}{{"error", failure[T]}, {"binary", marshaler[T]}, {"raw", scalar[T]}, {"raw", sequence[T]}, {"raw", flat[T]}} {
		if c := f.make(t); c != nil {
			c.Kind = f.kind
			return c
		}
	}
	return &Codec[T]{Append: appendFallback[T], Decode: decodeFallback[T], Kind: "cbor"}
}

// Put appends the encoding of v.
func (c *Codec[T]) Put(dst []byte, v T) ([]byte, error) {
	if c.word {
		return binary.LittleEndian.AppendUint64(dst, *(*uint64)(unsafe.Pointer(&v))), nil
	}
	if c.Text {
		return append(dst, *(*string)(unsafe.Pointer(&v))...), nil
	}
	w := v // a second variable, so that only this path allocates
	return c.Append(dst, &w)
}

// Get decodes a value.
func (c *Codec[T]) Get(b []byte) (T, error) {
	if c.word && len(b) == 8 {
		var v T
		*(*uint64)(unsafe.Pointer(&v)) = binary.LittleEndian.Uint64(b)
		return v, nil
	}
	if c.Text {
		s := string(b)
		return *(*T)(unsafe.Pointer(&s)), nil
	}
	var w T
	err := c.Decode(b, &w)
	return w, err
}

func appendFallback[T any](dst []byte, v *T) ([]byte, error) {
	if Fallback == nil {
		return dst, typed[T]("encode", ErrNoFallback)
	}
	out, err := Fallback.Append(dst, v)
	if err != nil {
		return dst, typed[T]("encode", err)
	}
	return out, nil
}

func decodeFallback[T any](b []byte, v *T) error {
	if Fallback == nil {
		return typed[T]("decode", ErrNoFallback)
	}
	var zero T
	*v = zero // a map or struct would be merged into what is there
	if err := Fallback.Decode(b, v); err != nil {
		return typed[T]("decode", err)
	}
	return nil
}

// AppendAny appends the fallback's encoding of what ptr points to, whose type
// is known at run time only.
func AppendAny(dst []byte, ptr any) ([]byte, error) {
	if Fallback == nil {
		return dst, ErrNoFallback
	}
	return Fallback.Append(dst, ptr)
}

// DecodeAny decodes what AppendAny appended into ptr, which must point to a
// zero value.
func DecodeAny(b []byte, ptr any) error {
	if Fallback == nil {
		return ErrNoFallback
	}
	return Fallback.Decode(b, ptr)
}

func typed[T any](verb string, err error) error {
	return fmt.Errorf("parfor: cannot %s %v: %w", verb, reflect.TypeFor[T](), err)
}

func badLength[T any](got int, want string) error {
	return typed[T]("decode", fmt.Errorf("%d bytes, want %s", got, want))
}
