package dict

import (
	"encoding"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"time"
)

// maxDepth bounds the nesting of a copied value: only a value that contains
// itself goes on for ever, and the encoding could not hold that either.
const maxDepth = 1000

var errDepth = errors.New("the value is nested over 1000 deep, or contains itself: store keys instead of pointers back")

// copier writes a deep copy of src to dst, which is zero and settable.
type copier func(dst, src reflect.Value, depth int) error

// copierOf checks that values of type V can be shared, and returns how they
// are copied: nil when assignment does it. Reflection runs here, once per
// dictionary, and on values that need a copy.
func copierOf[V any]() (func(V) (V, error), error) {
	t := reflect.TypeFor[V]()
	w := walker{copiers: map[reflect.Type]*copier{}}
	c, err := w.walk(t, "")
	if err != nil || c == nil {
		return nil, err
	}
	if t == reflect.TypeFor[[]byte]() { // the common one, without reflection
		return func(v V) (V, error) {
			b := *any(&v).(*[]byte)
			if b != nil {
				*any(&v).(*[]byte) = append([]byte{}, b...)
			}
			return v, nil
		}, nil
	}
	cp := *c
	return func(v V) (out V, err error) {
		err = cp(reflect.ValueOf(&out).Elem(), reflect.ValueOf(&v).Elem(), 0)
		return out, err
	}, nil
}

// walker builds copiers; a type that contains itself finds the one under
// construction.
type walker struct{ copiers map[reflect.Type]*copier }

var (
	appenderType    = reflect.TypeFor[encoding.BinaryAppender]()
	marshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

// sealedTypes know their binary form, which never fails, and hold pointers that
// nobody can write through: assignment will do.
var sealedTypes = map[reflect.Type]bool{
	reflect.TypeFor[time.Time]():      true,
	reflect.TypeFor[netip.Addr]():     true,
	reflect.TypeFor[netip.AddrPort](): true,
	reflect.TypeFor[netip.Prefix]():   true,
}

// walk returns how values of t are copied, nil for plain assignment.
func (w *walker) walk(t reflect.Type, path string) (*copier, error) {
	if c, ok := w.copiers[t]; ok {
		return c, nil
	}
	if sealedTypes[t] {
		return nil, nil
	}
	if t == reflect.TypeFor[big.Int]() {
		return held(copyBigInt), nil
	}
	if t.Kind() != reflect.Pointer && knowsItsForm(t) {
		return held(throughBytes), nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.element(t, path, "*", copyPointer)
	case reflect.Slice:
		return w.element(t, path, "[…]", copySlice)
	case reflect.Array:
		c, err := w.walk(t.Elem(), path+"[…]")
		if c == nil || err != nil {
			return nil, err
		}
		return held(copyArray(c)), nil
	case reflect.Map:
		if _, err := w.walk(t.Key(), path+" (map key)"); err != nil {
			return nil, err
		}
		return w.element(t, path, "[…]", copyMap)
	case reflect.Struct:
		return w.fields(t, path)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return nil, bad(t, path, "it means nothing in another process; store a name or a number and look it up")
	case reflect.Interface:
		return nil, bad(t, path, "another process could not tell which type to make; use a concrete type")
	}
	return nil, nil
}

func held(c copier) *copier { return &c }

func bad(t reflect.Type, path, why string) error {
	if path == "" {
		return fmt.Errorf("values of type %v can't be shared: %s", t, why)
	}
	return fmt.Errorf("values can't be shared: their %s is a %s (%v): %s", path, t.Kind(), t, why)
}

// element builds the copier of a type with one element type.
func (w *walker) element(t reflect.Type, path, step string, build func(elem *copier) copier) (*copier, error) {
	c := new(copier)
	w.copiers[t] = c
	elem, err := w.walk(t.Elem(), path+step)
	*c = build(elem)
	return c, err
}

func (w *walker) fields(t reflect.Type, path string) (*copier, error) {
	type field struct {
		i int
		c *copier
	}
	c := new(copier)
	var fs []field
	for i := range t.NumField() {
		f := t.Field(i)
		at := path + "." + f.Name
		if path == "" {
			at = "field " + f.Name
		}
		if !f.IsExported() && !f.Anonymous || f.Tag.Get("cbor") == "-" || f.Tag.Get("json") == "-" {
			return nil, fmt.Errorf("values can't be shared: their %s would be lost on the way to a worker process: export it without a \"-\" tag, or give %v MarshalBinary and UnmarshalBinary", at, t)
		}
		fc, err := w.walk(f.Type, at)
		if err != nil {
			return nil, err
		}
		if fc != nil {
			fs = append(fs, field{i, fc})
		}
	}
	if len(fs) == 0 {
		return nil, nil
	}
	*c = func(dst, src reflect.Value, depth int) error {
		dst.Set(src)
		for _, f := range fs {
			d := dst.Field(f.i)
			if !d.CanSet() {
				continue
			}
			d.SetZero()
			if err := (*f.c)(d, src.Field(f.i), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return c, nil
}

func copyPointer(elem *copier) copier {
	return func(dst, src reflect.Value, depth int) error {
		if src.IsNil() {
			return nil
		}
		if depth > maxDepth {
			return errDepth
		}
		p := reflect.New(src.Type().Elem())
		dst.Set(p)
		return copyInto(elem, p.Elem(), src.Elem(), depth)
	}
}

func copySlice(elem *copier) copier {
	return func(dst, src reflect.Value, depth int) error {
		if src.IsNil() {
			return nil
		}
		if depth > maxDepth {
			return errDepth
		}
		s := reflect.MakeSlice(src.Type(), src.Len(), src.Len())
		dst.Set(s)
		if elem == nil {
			reflect.Copy(s, src)
			return nil
		}
		return copyElements(*elem, s, src, depth)
	}
}

func copyArray(elem *copier) copier {
	return func(dst, src reflect.Value, depth int) error { return copyElements(*elem, dst, src, depth) }
}

func copyElements(elem copier, dst, src reflect.Value, depth int) error {
	for i := range src.Len() {
		if err := elem(dst.Index(i), src.Index(i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func copyMap(elem *copier) copier {
	return func(dst, src reflect.Value, depth int) error {
		if src.IsNil() {
			return nil
		}
		if depth > maxDepth {
			return errDepth
		}
		m := reflect.MakeMapWithSize(src.Type(), src.Len())
		dst.Set(m)
		for it := src.MapRange(); it.Next(); {
			v := reflect.New(src.Type().Elem()).Elem()
			if err := copyInto(elem, v, it.Value(), depth); err != nil {
				return err
			}
			m.SetMapIndex(it.Key(), v)
		}
		return nil
	}
}

func copyInto(c *copier, dst, src reflect.Value, depth int) error {
	if c == nil {
		dst.Set(src)
		return nil
	}
	return (*c)(dst, src, depth+1)
}

func copyBigInt(dst, src reflect.Value, _ int) error {
	from := src.Interface().(big.Int)
	dst.Addr().Interface().(*big.Int).Set(&from)
	return nil
}

// knowsItsForm says whether a type, or a pointer to it, has its own binary
// form.
func knowsItsForm(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshalerType) && (p.Implements(appenderType) || p.Implements(marshalerType))
}

// throughBytes copies a value whose inside only its own methods know. Types
// without pointers go that way too: what their methods refuse, or leave out, is
// then the same on executors that encode and on those that don't.
func throughBytes(dst, src reflect.Value, _ int) error {
	from := reflect.New(src.Type())
	from.Elem().Set(src)
	var b []byte
	var err error
	switch m := from.Interface().(type) {
	case encoding.BinaryAppender:
		b, err = m.AppendBinary(nil)
	case encoding.BinaryMarshaler:
		b, err = m.MarshalBinary()
	}
	if err != nil {
		return err
	}
	return dst.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(b)
}
