package item

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// header makes rows into items. It is one reader's: it has a memory to write in.
type header struct {
	names   []string // nil: the rows have none
	opening []string // what comes before each column in the JSON of a row: {"id": and ,"name":
	scratch []byte
}

// newHeader takes the names of columns. One without a name is called by its
// number in the row's JSON.
func newHeader(names []string) *header {
	h := &header{names: names}
	for i, name := range names {
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		h.opening = append(h.opening, string(append(appendString([]byte{before}, name), ':')))
	}
	return h
}

// twice finds a name that two columns have.
func (h *header) twice() (name string, first, second int) {
	for i, name := range h.names {
		if first := slices.Index(h.names, name); first < i && name != "" {
			return name, first + 1, i + 1
		}
	}
	return "", 0, 0
}

func (h *header) schema(columns int) Schema {
	s := Schema{Columns: columns, Keyless: true}
	for _, name := range h.names {
		if name != "" {
			s.Fields = append(s.Fields, name)
		}
		s.Keyless = s.Keyless && name != "id" && name != "key"
	}
	return s
}

// row is an item of columns, as many as there are names.
func (h *header) row(columns []string) Item {
	it := Item{Columns: make([]Value, len(columns))}
	b := h.scratch[:0]
	for i, text := range columns {
		it.Columns[i].Text = text
		switch {
		case h.names != nil:
			b = append(b, h.opening[i]...)
		case i == 0:
			b = append(b, '[')
		default:
			b = append(b, ',')
		}
		b = appendString(b, text)
	}
	if h.names != nil {
		b = append(b, '}')
		it.inside = &row{h.names, it.Columns}
	} else {
		b = append(b, ']')
	}
	h.scratch = b
	it.Whole = Value{string(b), bytes.Clone(b)}
	return it
}

// appendString appends a text as a JSON string. Bytes that are no UTF-8 become
// U+FFFD: JSON has no place for them.
func appendString(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendEscaped(b, text)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

func appendEscaped(b []byte, text string) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(fmt.Sprintf("item: %q has no JSON: %v", text, err)) // every string has
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
