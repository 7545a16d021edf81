// Package item reads what a loop of the command goes over: lines, numbers,
// rows, JSON values, literals, and their products.
//
// spec.go has what the command line asks for, open.go turns it into a [Source],
// source.go reads one. A file per format: ranges.go, lines.go, csv.go, tsv.go,
// jsonl.go, document.go; several.go combines sources; key.go names items;
// fields.go and path.go find what is inside of one.
package item

import "encoding/json"

// Item is one element of the input. It is never changed once read, so any
// number of goroutines may look at it.
type Item struct {
	Seq     int     // its place in the input, from 1
	Whole   Value   // what {} stands for
	Columns []Value // what {1}, {2}… stand for: columns of a row, or the source's part in an item of several sources

	inside fields // nil: there is nothing to be named in it
}

// Value is a piece of an item: its text and, where the source says what type it
// has, its JSON. Numbers of a range and JSON values are typed; lines, literals
// and CSV columns are text. The text of a JSON string is the string, of any
// other JSON value its compact JSON.
type Value struct {
	Text string
	JSON json.RawMessage // nil: just text
}

// Schema is what is known of the items before the first of them is read. It
// decides what in a template is a placeholder.
type Schema struct {
	Columns int      // {1} to {Columns} are placeholders
	Fields  []string // names of fields: the header of a CSV file, names of sources
	Open    bool     // items are JSON values: any name may turn out to be a field
	Keyless bool     // no item has a key of its own (see [Item.Key])
}

// Text is an item that is a text and nothing else.
func Text(text string) Item { return Item{Whole: Value{Text: text}} }

// JSON is an item that is a JSON value, and an error if it isn't just one. It
// copies what it is given.
func JSON(text []byte) (Item, error) {
	v, err := compact(text)
	if err != nil {
		return Item{}, err
	}
	return ofJSON(v), nil
}

// Row is an item of columns under their names. Without names it only has
// columns; a column whose name is empty has none.
func Row(names []string, columns ...string) Item {
	return newHeader(names).row(columns)
}

// Field finds a part of the item by its name: a column of a row, a source of an
// item of several, or a path into a JSON value, a.b or a.0.b, where numbers from
// 0 are places in an array. A name that has dots itself is found before the
// path it looks like. It says false where there is no such part, or more than
// one source has it.
func (it *Item) Field(path string) (Value, bool) {
	if it.inside == nil || path == "" {
		return Value{}, false
	}
	return it.inside.field(path)
}
