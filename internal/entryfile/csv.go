package entryfile

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
)

// column is a column of CSV: a key or value, or one field of it.
type column struct {
	name  string
	key   bool
	field int // -1: the whole
	cell  *text
}

// of returns what the column shows.
func (c *column) of(key, val reflect.Value) reflect.Value {
	v := val
	if c.key {
		v = key
	}
	if c.field >= 0 {
		v = v.Field(c.field)
	}
	return v
}

// table is the columns of a type of keys and one of values.
type table struct {
	columns  []column
	headless bool
	lenient  bool
	back     reflect.Value // to look whether a key comes back
	cell     []byte
}

func newTable(key, val reflect.Type, o Options) (*table, error) {
	t := &table{headless: o.Headless, lenient: o.Lenient, back: reflect.New(key).Elem()}
	if err := t.add(key, true, "key", "key."); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	n := len(t.columns)
	if err := t.add(val, false, "value", ""); err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	for i := range t.columns[n:] { // a field that has the name of a key's column
		if t.column(t.columns[n+i].name) < n {
			for j := range t.columns[n:] {
				t.columns[n+j].name = "value." + t.columns[n+j].name
			}
			break
		}
	}
	if o.Columns == nil {
		return t, nil
	}
	if len(o.Columns) != len(t.columns) {
		return nil, fmt.Errorf("the option Columns has %d names and the file has %d columns, %v", len(o.Columns), len(t.columns), t.names())
	}
	for i, name := range o.Columns {
		if slices.Contains(o.Columns[:i], name) {
			return nil, fmt.Errorf("the option Columns has the name %q twice", name)
		}
		t.columns[i].name = name
	}
	return t, nil
}

func (t *table) names() (names []string) {
	for i := range t.columns {
		names = append(names, t.columns[i].name)
	}
	return names
}

// column returns the place of a name, -1 if there is none.
func (t *table) column(name string) int {
	return slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
}

// add adds the columns of a type: one, or, of a struct without a form of its
// own, one for each field.
func (t *table) add(typ reflect.Type, key bool, whole, prefix string) error {
	if !splits(typ) {
		c, err := cellOf(typ, key, t.lenient)
		t.columns = append(t.columns, column{whole, key, -1, c})
		return err
	}
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Name == "_" {
			continue
		}
		c, err := cellOf(f.Type, key, t.lenient)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		t.columns = append(t.columns, column{prefix + fieldName(f), key, i, c})
	}
	return nil
}

// splits reports whether a type becomes several columns.
func splits(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || marshalsText(t) || marshalsJSON(t) {
		return false
	}
	names := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		if !f.IsExported() || f.Anonymous || fieldName(f) == "" || names[fieldName(f)] {
			return false
		}
		names[fieldName(f)] = true
	}
	return len(names) > 0
}

// cellOf is the form of a type in a cell: its plain one, else JSON.
func cellOf(t reflect.Type, key, lenient bool) (*text, error) {
	c := textOf(t)
	if key {
		c = nameOf(t)
	}
	if c != nil {
		return c, nil
	}
	v, err := newValues(t, lenient)
	if err != nil {
		return nil, err
	}
	return &text{v.append, func(s string, x reflect.Value) error {
		err := v.parse([]byte(s), Pos{1, 1}, x)
		var e *Error
		if errors.As(err, &e) {
			err = e.Err // the place in the cell is no place in the file
		}
		return err
	}}, nil
}

func (t *table) begin(dst []byte) []byte {
	if t.headless {
		return dst
	}
	for i := range t.columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendCell(dst, t.columns[i].name)
	}
	return append(dst, '\n')
}

func (t *table) end(dst []byte) []byte { return dst }

func (t *table) entry(dst []byte, key, val reflect.Value) (_ []byte, err error) {
	for i := range t.columns {
		c := &t.columns[i]
		if t.cell, err = c.cell.append(t.cell[:0], c.of(key, val)); err != nil {
			return dst, fmt.Errorf("column %s: %w", c.name, err)
		}
		if c.key {
			if err := c.cell.parse(string(t.cell), c.of(t.back, val)); err != nil {
				return dst, errBack
			}
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendCell(dst, t.cell)
	}
	if !t.back.Equal(key) {
		err = errBack
	}
	t.back.SetZero()
	return append(dst, '\n'), err
}

// rows reads a table.
type rows struct {
	*table
	order []int // column of each cell, -1 to leave it out; nil before the header
	cells []Cell
}

func (r *rows) next(s *source, key, val reflect.Value) (Pos, error) {
	if r.order == nil {
		if err := r.header(s); err != nil {
			return s.pos, err
		}
	}
	cells, at, err := s.row(r.cells[:0])
	if err != nil {
		return at, err
	}
	r.cells = cells
	if len(cells) != len(r.order) {
		return at, at.errorf("a row of %d cells, where %d were expected", len(cells), len(r.order))
	}
	for i := range cells {
		if r.order[i] < 0 {
			continue
		}
		c := &r.columns[r.order[i]]
		if err := c.cell.parse(cells[i].Text, c.of(key, val)); err != nil {
			return at, cells[i].At.wrap(fmt.Errorf("column %s: %w", c.name, err))
		}
	}
	return at, nil
}

// header reads which column is where.
func (r *rows) header(s *source) error {
	r.order = []int{}
	if r.headless {
		for i := range r.columns {
			r.order = append(r.order, i)
		}
		return nil
	}
	cells, at, err := s.row(nil)
	if err == io.EOF {
		return s.pos.errorf("the file is empty: its first line should be the names of the columns")
	}
	if err != nil {
		return err
	}
	for _, c := range cells {
		i := r.column(c.Text)
		switch {
		case i >= 0 && slices.Contains(r.order, i):
			return c.At.errorf("the column %q comes twice", c.Text)
		case i < 0 && !r.lenient:
			return c.At.errorf("the column %.*q is unknown: the columns are %q; name them with Columns, or leave others out with IgnoreUnknown", maxShown, c.Text, r.names())
		}
		r.order = append(r.order, i)
	}
	for i, name := range r.names() {
		if !slices.Contains(r.order, i) {
			return at.errorf("the column %q is missing: the first line should name the columns %q; a file without that line needs NoHeader", name, r.names())
		}
	}
	return nil
}
