package entryfile

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

// text is the plain form of a value, without quotes: a cell of CSV, the name of
// an entry in a JSON object.
type text struct {
	append func(dst []byte, v reflect.Value) ([]byte, error)
	parse  func(s string, v reflect.Value) error
}

var (
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

func marshalsText(t reflect.Type) bool   { return reflect.PointerTo(t).Implements(textMarshaler) }
func unmarshalsText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }
func marshalsJSON(t reflect.Type) bool   { return reflect.PointerTo(t).Implements(jsonMarshaler) }
func unmarshalsJSON(t reflect.Type) bool { return reflect.PointerTo(t).Implements(jsonUnmarshaler) }

// textOf returns the plain form of a type, nil if it has none.
func textOf(t reflect.Type) *text {
	switch {
	case t.Kind() == reflect.Pointer: // nil has no text
		return nil
	case marshalsText(t) && unmarshalsText(t):
		return &text{appendMarshaled, parseMarshaled}
	case marshalsJSON(t) || marshalsText(t):
		return nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshalsJSON(t.Elem()) && !marshalsText(t.Elem()):
		return &text{appendBase64, parseBase64}
	}
	return basicText(t)
}

// nameOf is textOf for the keys of a JSON object, where a string is itself, as
// in encoding/json.
func nameOf(t reflect.Type) *text {
	if t.Kind() == reflect.String {
		return basicText(t)
	}
	return textOf(t)
}

func basicText(t reflect.Type) *text {
	bits := 0
	switch k := t.Kind(); k {
	case reflect.String:
		return &text{
			func(dst []byte, v reflect.Value) ([]byte, error) { return append(dst, v.String()...), nil },
			func(s string, v reflect.Value) error { v.SetString(s); return nil },
		}
	case reflect.Bool:
		return &text{
			func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(dst, v.Bool()), nil },
			parseBool,
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		bits = t.Bits()
		return &text{
			func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(dst, v.Int(), 10), nil },
			func(s string, v reflect.Value) error {
				n, err := strconv.ParseInt(s, 10, bits)
				v.SetInt(n)
				return notA(t, s, err)
			},
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		bits = t.Bits()
		return &text{
			func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendUint(dst, v.Uint(), 10), nil },
			func(s string, v reflect.Value) error {
				n, err := strconv.ParseUint(s, 10, bits)
				v.SetUint(n)
				return notA(t, s, err)
			},
		}
	case reflect.Float32, reflect.Float64:
		bits = t.Bits()
		return &text{
			func(dst []byte, v reflect.Value) ([]byte, error) {
				return strconv.AppendFloat(dst, v.Float(), 'g', -1, bits), nil
			},
			func(s string, v reflect.Value) error {
				f, err := strconv.ParseFloat(s, bits)
				v.SetFloat(f)
				return notA(t, s, err)
			},
		}
	case reflect.Complex64, reflect.Complex128:
		bits = t.Bits()
		return &text{
			func(dst []byte, v reflect.Value) ([]byte, error) {
				return append(dst, strconv.FormatComplex(v.Complex(), 'g', -1, bits)...), nil
			},
			func(s string, v reflect.Value) error {
				c, err := strconv.ParseComplex(s, bits)
				v.SetComplex(c)
				return notA(t, s, err)
			},
		}
	}
	return nil
}

func parseBool(s string, v reflect.Value) error {
	if s != "true" && s != "false" {
		return notA(v.Type(), s, strconv.ErrSyntax)
	}
	v.SetBool(s == "true")
	return nil
}

// notA says what is wrong with a text, which is shown only in part.
func notA(t reflect.Type, s string, err error) error {
	if err == nil {
		return nil
	}
	why := "is no"
	if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange {
		why = "doesn't fit"
	}
	return fmt.Errorf("%.*q %s %v", maxShown, s, why, t)
}

func appendMarshaled(dst []byte, v reflect.Value) ([]byte, error) {
	b, err := v.Addr().Interface().(encoding.TextMarshaler).MarshalText()
	return append(dst, b...), err
}

func parseMarshaled(s string, v reflect.Value) error {
	return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
}

func appendBase64(dst []byte, v reflect.Value) ([]byte, error) {
	return base64.StdEncoding.AppendEncode(dst, v.Bytes()), nil
}

func parseBase64(s string, v reflect.Value) error {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return fmt.Errorf("it is not base64: %w", err)
	}
	v.SetBytes(b)
	return nil
}
