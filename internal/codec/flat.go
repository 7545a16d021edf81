package codec

import (
	"reflect"
	"unsafe"
)

// maxFlat bounds the fields of a flat type; what has more is left to the
// fallback.
const maxFlat = 64

// part is a number inside a flat type, or a run of them that lie in memory as
// they do on the wire.
type part struct {
	offset uintptr
	kind   reflect.Kind // reflect.Invalid for a run
	size   int          // on the wire
}

// flat is the codec of structs and arrays made of exported plain numbers. It
// writes field after field and skips padding, whose bytes are undefined.
func flat[T any](t reflect.Type) *Codec[T] {
	parts, ok := flatten(nil, t, 0)
	if !ok || len(parts) == 0 {
		return nil
	}
	parts, total := merge(parts)
	return &Codec[T]{
		Append: func(dst []byte, v *T) ([]byte, error) {
			for _, f := range parts {
				p := unsafe.Add(unsafe.Pointer(v), f.offset)
				if f.kind == reflect.Invalid {
					dst = append(dst, unsafe.Slice((*byte)(p), f.size)...)
				} else {
					dst = appendNumber(dst, f.kind, p)
				}
			}
			return dst, nil
		},
		Decode: func(b []byte, v *T) error {
			if err := exactly[T](b, total); err != nil {
				return err
			}
			for _, f := range parts {
				p := unsafe.Add(unsafe.Pointer(v), f.offset)
				if f.kind == reflect.Invalid {
					copy(unsafe.Slice((*byte)(p), f.size), b)
				} else if err := decodeNumber(b, f.kind, p); err != nil {
					return typed[T]("decode", err)
				}
				b = b[f.size:]
			}
			return nil
		},
		Fixed: total,
	}
}

// flatten lists the numbers in t; ok is false when it holds anything else.
// Tagged, unexported and blank fields are the fallback's business, so that a
// type means the same whichever codec it gets.
func flatten(parts []part, t reflect.Type, at uintptr) (_ []part, ok bool) {
	if len(parts) > maxFlat || hasMarshaler(t) {
		return nil, false
	}
	if w := width(t.Kind()); w > 0 {
		return append(parts, part{at, t.Kind(), w}), true
	}
	switch t.Kind() {
	case reflect.Array:
		if t.Len() > maxFlat {
			return nil, false
		}
		for i := range t.Len() {
			if parts, ok = flatten(parts, t.Elem(), at+uintptr(i)*t.Elem().Size()); !ok {
				return nil, false
			}
		}
		return parts, true
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || f.Tag != "" {
				return nil, false
			}
			if parts, ok = flatten(parts, f.Type, at+f.Offset); !ok {
				return nil, false
			}
		}
		return parts, true
	}
	return nil, false
}

// merge joins neighbours into runs where memory and wire agree. A bool stays
// alone, as its byte must be checked.
func merge(parts []part) (out []part, total int) {
	for _, f := range parts {
		total += f.size
		if native && f.kind != reflect.Bool && memory(f.kind) == f.size {
			f.kind = reflect.Invalid
			if n := len(out) - 1; n >= 0 && out[n].kind == reflect.Invalid && out[n].offset+uintptr(out[n].size) == f.offset {
				out[n].size += f.size
				continue
			}
		}
		out = append(out, f)
	}
	return out, total
}

// memory is the size of a kind on this machine.
func memory(k reflect.Kind) int {
	switch k {
	case reflect.Int, reflect.Uint, reflect.Uintptr:
		return int(unsafe.Sizeof(uint(0)))
	}
	return width(k)
}
