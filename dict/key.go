package dict

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unsafe"

	"parfor.dev/parfor/internal/writeset"
)

// keyPlan encodes keys of one type: field after field, numbers in full width,
// strings with their length, no padding and no blank fields. So equal keys
// have equal encodings, and only those; and an encoding knows its end.
type keyPlan struct {
	fields []keyField
	floats bool // somewhere inside, so that keys must be looked at
}

// keyField is one field, or, with count > 1, the elements of an array.
type keyField struct {
	offset uintptr
	kind   reflect.Kind // Struct: see sub; Array: size raw bytes
	size   uintptr      // of one element
	count  int
	sub    []keyField
}

func planKey(t reflect.Type) (*keyPlan, error) {
	p := &keyPlan{}
	fields, err := p.add(nil, t, 0, "")
	p.fields = fields
	return p, err
}

func (p *keyPlan) add(fs []keyField, t reflect.Type, at uintptr, path string) ([]keyField, error) {
	switch k := t.Kind(); k {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		p.floats = true
		fallthrough
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return append(fs, keyField{offset: at, kind: k, size: t.Size(), count: 1}), nil
	case reflect.Array:
		if k := t.Elem().Kind(); k == reflect.Uint8 || k == reflect.Int8 {
			return append(fs, keyField{offset: at, kind: reflect.Array, size: t.Size(), count: 1}), nil
		}
		sub, err := p.add(nil, t.Elem(), 0, path+"[…]")
		if len(sub) == 0 { // elements without content, however many
			return fs, err
		}
		return append(fs, keyField{offset: at, kind: reflect.Struct, size: t.Elem().Size(), count: t.Len(), sub: sub}), err
	case reflect.Struct:
		var err error
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name == "_" { // == ignores it
				continue
			}
			if fs, err = p.add(fs, f.Type, at+f.Offset, path+"."+f.Name); err != nil {
				return fs, err
			}
		}
		return fs, nil
	}
	if path != "" {
		return fs, fmt.Errorf("the key's field %s is a %s (%v): a key must mean the same in every process; use numbers, bool, string, and arrays and structs of these", strings.TrimPrefix(path, "."), t.Kind(), t)
	}
	return fs, fmt.Errorf("the key type %v is a %s: a key must mean the same in every process; use numbers, bool, string, and arrays and structs of these", t, t.Kind())
}

// clean refuses NaN and makes -0 to 0, which is the same key.
func (p *keyPlan) clean(key unsafe.Pointer) error {
	if !p.floats {
		return nil
	}
	return cleanFields(p.fields, key)
}

func cleanFields(fs []keyField, key unsafe.Pointer) error {
	for _, f := range fs {
		for i := range f.count {
			at := unsafe.Add(key, f.offset+uintptr(i)*f.size)
			ok := true
			switch f.kind {
			case reflect.Float32:
				ok = cleanFloat((*float32)(at))
			case reflect.Float64:
				ok = cleanFloat((*float64)(at))
			case reflect.Complex64:
				ok = cleanFloat((*float32)(at)) && cleanFloat((*float32)(unsafe.Add(at, 4)))
			case reflect.Complex128:
				ok = cleanFloat((*float64)(at)) && cleanFloat((*float64)(unsafe.Add(at, 8)))
			case reflect.Struct:
				if err := cleanFields(f.sub, at); err != nil {
					return err
				}
			}
			if !ok {
				return ErrKey
			}
		}
	}
	return nil
}

func cleanFloat[F float32 | float64](f *F) bool {
	if *f == 0 {
		*f = 0
	}
	return *f == *f
}

func (p *keyPlan) append(dst []byte, key unsafe.Pointer) []byte {
	return appendFields(p.fields, dst, key)
}

func appendFields(fs []keyField, dst []byte, key unsafe.Pointer) []byte {
	le := binary.LittleEndian
	for i := range fs {
		f := &fs[i]
		for j := range f.count {
			at := unsafe.Add(key, f.offset+uintptr(j)*f.size)
			switch f.kind {
			case reflect.String:
				s := *(*string)(at)
				dst = binary.AppendUvarint(dst, uint64(len(s)))
				dst = append(dst, s...)
			case reflect.Int:
				dst = le.AppendUint64(dst, uint64(*(*int)(at)))
			case reflect.Uint:
				dst = le.AppendUint64(dst, uint64(*(*uint)(at)))
			case reflect.Uintptr:
				dst = le.AppendUint64(dst, uint64(*(*uintptr)(at)))
			case reflect.Bool, reflect.Int8, reflect.Uint8:
				dst = append(dst, *(*byte)(at))
			case reflect.Int16, reflect.Uint16:
				dst = le.AppendUint16(dst, *(*uint16)(at))
			case reflect.Int32, reflect.Uint32, reflect.Float32:
				dst = le.AppendUint32(dst, *(*uint32)(at))
			case reflect.Int64, reflect.Uint64, reflect.Float64:
				dst = le.AppendUint64(dst, *(*uint64)(at))
			case reflect.Complex64:
				c := *(*complex64)(at)
				dst = le.AppendUint32(dst, math.Float32bits(real(c)))
				dst = le.AppendUint32(dst, math.Float32bits(imag(c)))
			case reflect.Complex128:
				c := *(*complex128)(at)
				dst = le.AppendUint64(dst, math.Float64bits(real(c)))
				dst = le.AppendUint64(dst, math.Float64bits(imag(c)))
			case reflect.Array:
				dst = append(dst, unsafe.Slice((*byte)(at), f.size)...)
			case reflect.Struct:
				dst = appendFields(f.sub, dst, at)
			}
		}
	}
	return dst
}

// decode reads a key into zeroed memory. What it accepts, append could have
// written.
func (p *keyPlan) decode(r *writeset.Reader, key unsafe.Pointer) error {
	if err := decodeFields(p.fields, r, key); err != nil {
		return err
	}
	if err := r.Err(); err != nil {
		return err
	}
	return p.clean(key)
}

func decodeFields(fs []keyField, r *writeset.Reader, key unsafe.Pointer) error {
	for i := range fs {
		f := &fs[i]
		for j := range f.count {
			at := unsafe.Add(key, f.offset+uintptr(j)*f.size)
			switch f.kind {
			case reflect.String:
				*(*string)(at) = r.String(r.Uvarint())
			case reflect.Int, reflect.Uint, reflect.Uintptr:
				if err := decodeWord(f.kind, r.Uint64(), at); err != nil {
					return err
				}
			case reflect.Bool:
				b := r.Byte()
				if b > 1 {
					return fmt.Errorf("a key has the bool %d", b)
				}
				*(*bool)(at) = b == 1
			case reflect.Int8, reflect.Uint8:
				*(*byte)(at) = r.Byte()
			case reflect.Int16, reflect.Uint16:
				*(*uint16)(at) = r.Uint16()
			case reflect.Int32, reflect.Uint32, reflect.Float32:
				*(*uint32)(at) = r.Uint32()
			case reflect.Int64, reflect.Uint64, reflect.Float64:
				*(*uint64)(at) = r.Uint64()
			case reflect.Complex64:
				re, im := math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32())
				*(*complex64)(at) = complex(re, im)
			case reflect.Complex128:
				re, im := math.Float64frombits(r.Uint64()), math.Float64frombits(r.Uint64())
				*(*complex128)(at) = complex(re, im)
			case reflect.Array:
				copy(unsafe.Slice((*byte)(at), f.size), r.Take(uint64(f.size)))
			case reflect.Struct:
				if err := decodeFields(f.sub, r, at); err != nil {
					return err
				}
			}
			if r.Err() != nil {
				return r.Err()
			}
		}
	}
	return nil
}

// decodeWord narrows 8 bytes to the machine's word, which may have 4.
func decodeWord(k reflect.Kind, v uint64, at unsafe.Pointer) error {
	ok := true
	switch k {
	case reflect.Int:
		*(*int)(at) = int(v)
		ok = int64(int(v)) == int64(v)
	case reflect.Uint:
		*(*uint)(at) = uint(v)
		ok = uint64(uint(v)) == v
	case reflect.Uintptr:
		*(*uintptr)(at) = uintptr(v)
		ok = uint64(uintptr(v)) == v
	}
	if !ok {
		return fmt.Errorf("a key has the number %d, too large for this machine's %s", v, k)
	}
	return nil
}
