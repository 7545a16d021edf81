// Package item reads what a loop of the command goes over: lines, numbers,
// rows, JSON values, literals, and their products.
package item

import "encoding/json"

// Item is one element of the input.
type Item struct {
	Seq     int     // its place in the input, from 1
	Whole   Value   // what {} stands for
	Columns []Value // what {1}, {2}… stand for: columns of a row, or the source's part in an item of several sources
	names   []string
	named   []Value
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
}
