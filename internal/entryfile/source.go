package entryfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

var errEnd = errors.New("the file ends in the middle of an entry")

// source is a text, byte by byte, that knows where it is and how long the
// entry is that it is in.
type source struct {
	r    *bufio.Reader
	pos  Pos // of the next byte
	used int // bytes of the entry
	max  int
}

func newSource(r io.Reader, most int) *source {
	s := &source{r: bufio.NewReaderSize(r, 64<<10), pos: Pos{1, 1}, max: most}
	if b, _ := s.r.Peek(3); string(b) == "\xef\xbb\xbf" { // of some editors, at the beginning
		s.r.Discard(3)
	}
	return s
}

// entry says that a new entry begins here.
func (s *source) entry() Pos {
	s.used = 0
	return s.pos
}

// peek returns the next byte and leaves it there.
func (s *source) peek() (byte, error) {
	b, err := s.r.Peek(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// next takes a byte.
func (s *source) next() (byte, error) {
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, err
	}
	if s.used++; s.used > s.max {
		return 0, s.pos.wrap(fmt.Errorf("an entry takes more than %d bytes: is a quote or a bracket left open? Else raise MaxLine", s.max))
	}
	if b == '\n' {
		s.pos = Pos{s.pos.Line + 1, 1}
	} else {
		s.pos.Column++
	}
	return b, nil
}

// must is next where the text may not end.
func (s *source) must() (byte, error) {
	b, err := s.next()
	if err == io.EOF {
		err = s.pos.wrap(errEnd)
	}
	return b, err
}
