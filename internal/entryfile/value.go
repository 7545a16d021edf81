package entryfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

var (
	errUTF8 = errors.New("a string that is not UTF-8, which JSON can't hold: use CSV for plain strings, or a []byte")
	errBack = errors.New("what is written would not be read back as the same key: its fields need exported names, and marshalers an inverse")
)

// values writes and reads values of one type as JSON, as encoding/json does.
type values struct {
	t       reflect.Type
	lenient bool // there are no unknown fields, or they are left out
	nulls   bool // null means something to the type
	buf     bytes.Buffer
	enc     *json.Encoder
}

func newValues(t reflect.Type, lenient bool) (*values, error) {
	f := fitting{seen: map[reflect.Type]bool{}}
	if err := f.walk(t, ""); err != nil {
		return nil, err
	}
	v := &values{t: t, lenient: lenient || !f.structs}
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		v.nulls = true
	default:
		v.nulls = unmarshalsJSON(t)
	}
	v.enc = json.NewEncoder(&v.buf)
	v.enc.SetEscapeHTML(false)
	return v, nil
}

// append writes what v holds.
func (c *values) append(dst []byte, v reflect.Value) ([]byte, error) {
	c.buf.Reset()
	if err := c.enc.Encode(v.Addr().Interface()); err != nil {
		return dst, cannot(err)
	}
	b := bytes.TrimSuffix(c.buf.Bytes(), []byte("\n"))
	if replaced(b) && !c.comesBack(b, v) {
		return dst, errUTF8
	}
	return append(dst, b...), nil
}

func cannot(err error) error {
	var u *json.UnsupportedValueError
	if errors.As(err, &u) {
		return fmt.Errorf("JSON has no %s: use CSV for plain numbers", u.Str)
	}
	return err
}

// replaced reports whether encoding/json may have put the replacement
// character where a string was not UTF-8: it writes that as an escape, and a
// real one as itself.
func replaced(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+2 > len(b) {
			return false
		}
		if bytes.HasPrefix(b[i+1:], []byte("ufffd")) {
			return true
		}
		b = b[i+2:]
	}
}

func (c *values) comesBack(b []byte, v reflect.Value) bool {
	p := reflect.New(c.t)
	return json.Unmarshal(b, p.Interface()) == nil && reflect.DeepEqual(p.Elem().Interface(), v.Interface())
}

// parse reads a value that begins at a place into zeroed memory.
func (c *values) parse(b []byte, at Pos, v reflect.Value) error {
	if !utf8.Valid(b) {
		return at.wrap(errUTF8)
	}
	if !c.nulls && string(b) == "null" {
		return at.errorf("null is no %v", c.t)
	}
	var err error
	if c.lenient {
		err = json.Unmarshal(b, v.Addr().Interface())
	} else {
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err = d.Decode(v.Addr().Interface()); err == nil {
			if d.InputOffset() != int64(len(b)) {
				err = errors.New("it is no JSON value")
			}
		}
	}
	if err == nil {
		return nil
	}
	return place(b, at, err).wrap(err)
}

// place is where in a value an error is.
func place(b []byte, at Pos, err error) Pos {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	n := int64(0)
	switch {
	case errors.As(err, &syntax):
		n = syntax.Offset - 1 // it has read the byte it stops at
	case errors.As(err, &kind):
		n = kind.Offset - 1
	}
	for _, c := range b[:max(min(n, int64(len(b))), 0)] {
		if at.Column++; c == '\n' {
			at = Pos{at.Line + 1, 1}
		}
	}
	return at
}
