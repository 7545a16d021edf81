package codec

import (
	"reflect"

	"parfor.dev/parfor/internal/errwire"
)

// failure is the codec of the type error itself, nil included.
func failure[T any](t reflect.Type) *Codec[T] {
	if t != reflect.TypeFor[error]() {
		return nil
	}
	return &Codec[T]{
		Append: func(dst []byte, v *T) ([]byte, error) {
			return errwire.Append(dst, *any(v).(*error)), nil
		},
		Decode: func(b []byte, v *T) error {
			*any(v).(*error) = errwire.Decode(b)
			return nil
		},
	}
}
