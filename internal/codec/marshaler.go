package codec

import (
	"encoding"
	"fmt"
	"reflect"
)

var (
	appenderType    = reflect.TypeFor[encoding.BinaryAppender]()
	marshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

// hasMarshaler says whether values of t, or pointers to them, know their own
// binary form.
func hasMarshaler(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshalerType) && (p.Implements(appenderType) || p.Implements(marshalerType))
}

// marshaler is the codec of a type with methods for it. The type's author
// chose that form, so it wins over raw. Pointers are left to the fallback: it
// knows nil.
func marshaler[T any](t reflect.Type) *Codec[T] {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface || !hasMarshaler(t) {
		return nil
	}
	c := &Codec[T]{Decode: func(b []byte, v *T) (err error) {
		defer caught(&err)
		if err := any(v).(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
			return typed[T]("decode", err)
		}
		return nil
	}}
	if reflect.PointerTo(t).Implements(appenderType) {
		c.Append = func(dst []byte, v *T) (_ []byte, err error) {
			defer caught(&err)
			out, err := any(v).(encoding.BinaryAppender).AppendBinary(dst)
			if err != nil {
				return dst, typed[T]("encode", err)
			}
			return out, nil
		}
		return c
	}
	c.Append = func(dst []byte, v *T) (_ []byte, err error) {
		defer caught(&err)
		out, err := any(v).(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return dst, typed[T]("encode", err)
		}
		return append(dst, out...), nil
	}
	return c
}

// caught turns a panic of a user's method into an error: encoding happens on
// goroutines that belong to executors.
func caught(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("parfor: a codec method panicked: %v", v)
	}
}
