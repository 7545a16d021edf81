package item

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// fields are the parts of an item that have names.
type fields interface {
	field(path string) (Value, bool)
	key() (string, bool) // see [Item.Key]
}

// row is a row whose columns have names.
type row struct {
	names   []string
	columns []Value
}

func (r *row) field(path string) (Value, bool) {
	if i := slices.Index(r.names, path); i >= 0 {
		return r.columns[i], true
	}
	return Value{}, false
}

func (r *row) key() (string, bool) { return keyField(r) }

// value is a JSON value, compact.
type value json.RawMessage

func (v value) field(path string) (Value, bool) {
	found, ok := lookup(json.RawMessage(v), path)
	if !ok {
		return Value{}, false
	}
	return valueOf(found), true
}

func (v value) key() (string, bool) {
	switch v[0] {
	case '{':
		return keyField(v)
	case '[':
		return "", false
	}
	return valueOf(json.RawMessage(v)).Text, true
}

// entry is a value of an object under its key: a dictionary is a list of them.
// {key} is the key, though the value may have a field of that name; {value} the
// value itself, unless the value has a field of that name.
type entry struct {
	name Value
	value
}

func (e *entry) field(path string) (Value, bool) {
	if path == "key" {
		return e.name, true
	}
	if v, ok := e.value.field(path); ok {
		return v, true
	}
	if path == "value" {
		return valueOf(json.RawMessage(e.value)), true
	}
	if inside, ok := strings.CutPrefix(path, "value."); ok {
		return e.value.field(inside)
	}
	return Value{}, false
}

func (e *entry) key() (string, bool) { return e.name.Text, true }

// keyField is the text of the field id or else key, if it is one line's worth:
// a text, a number, true or false.
func keyField(f fields) (string, bool) {
	for _, name := range []string{"id", "key"} {
		v, ok := f.field(name)
		if ok && v.Text != "" && (v.JSON == nil || !bytes.ContainsAny(v.JSON[:1], "{[n")) {
			return v.Text, true
		}
	}
	return "", false
}

// ofJSON is the item of a compact JSON value.
func ofJSON(v json.RawMessage) Item {
	return Item{Whole: valueOf(v), inside: value(v)}
}

// valueOf is a compact JSON value as a piece of an item.
func valueOf(v json.RawMessage) Value {
	if v[0] == '"' {
		return Value{unquote(v), v}
	}
	return Value{string(v), v}
}

// compact checks and copies a JSON value.
func compact(text []byte) (json.RawMessage, error) {
	var b bytes.Buffer
	b.Grow(len(text))
	if err := json.Compact(&b, text); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unquote is the text of a valid JSON string.
func unquote(s []byte) string {
	inner := s[1 : len(s)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var text string
	if err := json.Unmarshal(s, &text); err != nil {
		panic("item: " + err.Error()) // it was checked when it was read
	}
	return text
}
