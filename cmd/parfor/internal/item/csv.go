package item

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// rowReader reads rows, and says where the last one began.
type rowReader interface {
	Read() ([]string, error) // valid until the next call
	line() int
}

// table is a file of rows, its first one read when it is opened.
type table struct {
	*file
	rows    rowReader
	header  *header
	columns int
	first   []string // without a header: the first row
}

// openTable reads the first row, the header unless there is none. It waits for
// it if the input isn't there yet.
func openTable(f *file, rows rowReader, noHeader bool) (*table, error) {
	if err := skipMark(f.reader); err != nil {
		return nil, f.errorAt(1, err)
	}
	t := &table{file: f, rows: rows}
	first, err := rows.Read()
	switch {
	case err == io.EOF && noHeader:
		t.header = newHeader(nil)
		return t, nil
	case err == io.EOF:
		return nil, fmt.Errorf("%s is empty: its first row should name the columns", f.name)
	case err != nil:
		return nil, f.errorAt(rows.line(), err)
	}
	first = append([]string(nil), first...)
	t.columns = len(first)
	if noHeader {
		t.first, t.header = first, newHeader(nil)
		return t, nil
	}
	t.header = newHeader(first)
	if name, a, b := t.header.twice(); a > 0 {
		return nil, f.errorAt(rows.line(), fmt.Errorf("columns %d and %d are both called %q", a, b, name))
	}
	return t, nil
}

func (t *table) schema() Schema { return t.header.schema(t.columns) }

// total leaves out the header.
func (t *table) total() (int, bool) {
	n, known := t.file.total()
	if known && t.header.names != nil && n > 0 {
		n--
	}
	return n, known
}

func (t *table) each(yield func(Item) bool) error {
	seq := 0
	give := func(columns []string) bool {
		seq++
		it := t.header.row(columns)
		it.Seq = seq
		return yield(it)
	}
	if t.first != nil && !give(t.first) {
		return nil
	}
	for {
		columns, err := t.rows.Read()
		if err == io.EOF {
			return nil
		}
		if err == nil && len(columns) != t.columns {
			err = t.mismatch(len(columns))
		}
		if err != nil {
			return t.errorAt(t.rows.line(), err)
		}
		if !give(columns) {
			return nil
		}
	}
}

func (t *table) mismatch(columns int) error {
	of := "the first row"
	if t.header.names != nil {
		of = "the header"
	}
	if columns == 1 {
		return fmt.Errorf("1 column, %s has %d", of, t.columns)
	}
	return fmt.Errorf("%d columns, %s has %d", columns, of, t.columns)
}

// csvRows reads CSV as RFC 4180 has it. Empty lines are skipped.
type csvRows struct {
	*csv.Reader
	at int
}

func newCSVRows(r io.Reader) *csvRows {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	c.FieldsPerRecord = -1 // table says better what is wrong
	return &csvRows{Reader: c}
}

func (c *csvRows) Read() ([]string, error) {
	columns, err := c.Reader.Read()
	if err == nil {
		c.at, _ = c.FieldPos(0)
		return columns, nil
	}
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		c.at++
		return nil, err
	}
	c.at = parse.StartLine
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return nil, fmt.Errorf(`column %d of the text: a " inside of a column that has none around it; a column with quotes is written "like ""this"""`, parse.Column)
	case parse.Line > parse.StartLine:
		return nil, fmt.Errorf(`a " is opened here and not closed as it should be (noticed in line %d)`, parse.Line)
	}
	return nil, errors.New(`a " is opened and not closed as it should be; a column with quotes is written "like ""this"""`)
}

func (c *csvRows) line() int { return max(c.at, 1) }
