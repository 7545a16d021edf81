package entryfile

import (
	"errors"
	"io"
	"strings"
)

// cellText is a cell and where it begins.
type cellText struct {
	text string
	at   Pos
}

// row reads one row of CSV (RFC 4180), empty lines skipped. Package
// encoding/csv has no bound, and takes the \r out of a quoted \r\n.
func (s *source) row(cells []cellText) ([]cellText, Pos, error) {
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
func (s *source) cell() (c cellText, last bool, err error) {
	c.at = s.pos
	var b strings.Builder
	if first, err := s.peek(); err == nil && first == '"' {
		s.next()
		if err := s.quoted(&b); err != nil {
			return c, false, err
		}
	}
	quoted := s.pos != c.at
	for {
		ch, err := s.peek()
		switch {
		case err == io.EOF:
			c.text = b.String()
			return c, true, nil
		case err != nil:
			return c, false, err
		case ch == ',' || ch == '\n':
			s.next()
			c.text = b.String()
			return c, ch == '\n', nil
		case ch == '\r' && s.lineEnds():
			s.next()
			continue
		case quoted:
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

// appendCell writes a cell, in quotes where it needs them.
func appendCell(dst []byte, text []byte) []byte {
	plain := true
	for i, ch := range text {
		if ch == '"' || ch == ',' || ch == '\n' || ch == '\r' || i == 0 && (ch == ' ' || ch == 0xef) {
			plain = false
			break
		}
	}
	if plain {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, ch := range text {
		if ch == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, ch)
	}
	return append(dst, '"')
}
