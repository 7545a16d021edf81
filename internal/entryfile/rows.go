package entryfile

import (
	"errors"
	"io"
	"strings"
)

// Cell is a cell of CSV and where it begins. Whether it is in quotes tells an
// empty text from none.
type Cell struct {
	Text   string
	Quoted bool
	At     Pos
}

// RowReader reads CSV of whatever columns, row by row.
type RowReader struct{ src *source }

// NewRowReader reads rows of at most so many bytes.
func NewRowReader(r io.Reader, most int) *RowReader { return &RowReader{newSource(r, most)} }

// Row appends the cells of the next row to those given, and says where it
// begins. After the last one the error is io.EOF.
func (r *RowReader) Row(cells []Cell) ([]Cell, Pos, error) { return r.src.row(cells) }

// row reads one row of CSV (RFC 4180), empty lines skipped. Package
// encoding/csv has no bound, and takes the \r out of a quoted \r\n.
func (s *source) row(cells []Cell) ([]Cell, Pos, error) {
	for {
		b, err := s.peek()
		if err != nil {
			return nil, s.pos, err
		}
		if b != '\n' && b != '\r' {
			break
		}
		s.entry()
		if _, err := s.next(); err != nil {
			return nil, s.pos, err
		}
	}
	at := s.entry()
	for {
		c, last, err := s.cell()
		if err != nil {
			return nil, at, err
		}
		if cells = append(cells, c); last {
			return cells, at, nil
		}
	}
}

// cell reads a cell and what ends it; last says that this was the row's end.
func (s *source) cell() (c Cell, last bool, err error) {
	c.At = s.pos
	var b strings.Builder
	if first, err := s.peek(); err == nil && first == '"' {
		s.next()
		if err := s.quoted(&b); err != nil {
			return c, false, err
		}
	}
	c.Quoted = s.pos != c.At
	for {
		ch, err := s.peek()
		switch {
		case err == io.EOF:
			c.Text = b.String()
			return c, true, nil
		case err != nil:
			return c, false, err
		case ch == ',' || ch == '\n':
			s.next()
			c.Text = b.String()
			return c, ch == '\n', nil
		case ch == '\r' && s.lineEnds():
			s.next()
			continue
		case c.Quoted:
			return c, false, s.pos.errorf("%q after the quote that ends a cell: a quote inside a cell is written twice", ch)
		case ch == '"':
			return c, false, s.pos.wrap(errors.New("a quote in a cell that doesn't begin with one"))
		}
		if ch, err = s.next(); err != nil {
			return c, false, err
		}
		b.WriteByte(ch)
	}
}

// lineEnds reports whether the \r that comes next belongs to the line's end.
func (s *source) lineEnds() bool {
	b, _ := s.r.Peek(2)
	return len(b) < 2 || b[1] == '\n'
}

// quoted reads up to the quote that ends a cell.
func (s *source) quoted(b *strings.Builder) error {
	for {
		ch, err := s.must()
		if err != nil {
			return err
		}
		if ch == '"' {
			if again, err := s.peek(); err != nil || again != '"' {
				return nil
			}
			s.next()
		}
		b.WriteByte(ch)
	}
}

// AppendCell writes a cell, in quotes where it needs them: also around spaces at
// its ends, for those who read too kindly, and before a byte order mark.
func AppendCell[T string | []byte](dst []byte, text T) []byte {
	if plain(text) {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for i := range len(text) {
		if text[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"')
}

func plain[T string | []byte](text T) bool {
	for i := range len(text) {
		switch text[i] {
		case '"', ',', '\n', '\r':
			return false
		case ' ', '\t':
			if i == 0 || i == len(text)-1 {
				return false
			}
		case 0xef:
			if i == 0 {
				return false
			}
		}
	}
	return true
}
