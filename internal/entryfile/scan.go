package entryfile

import (
	"fmt"
	"io"
	"strings"
)

// scanner takes a JSON text apart into values, without looking at what they
// are: package encoding/json does that. It holds one value at a time, where
// encoding/json would hold them all.
type scanner struct {
	*source
	oneLine bool // an entry has no line break
}

// space skips white space and returns the byte after it, which stays there.
func (s scanner) space() (byte, error) {
	for {
		b, err := s.peek()
		if err != nil {
			return 0, err
		}
		switch b {
		case '\n':
			if s.oneLine {
				return 0, s.pos.errorf("the line ends in the middle of an entry")
			}
			fallthrough
		case ' ', '\t', '\r':
			if _, err := s.next(); err != nil {
				return 0, err
			}
		default:
			return b, nil
		}
	}
}

// more is space where the text may not end.
func (s scanner) more() (byte, error) {
	b, err := s.space()
	if err == io.EOF {
		err = s.pos.wrap(errEnd)
	}
	return b, err
}

// take takes one of the bytes in want, after white space.
func (s scanner) take(want string) (byte, error) {
	b, err := s.more()
	if err != nil {
		return 0, err
	}
	if strings.IndexByte(want, b) < 0 {
		return 0, s.pos.errorf("%q where %s was expected", b, oneOf(want))
	}
	return s.next()
}

func oneOf(bytes string) string {
	var names []string
	for i := range len(bytes) {
		names = append(names, fmt.Sprintf("%q", bytes[i]))
	}
	return strings.Join(names, " or ")
}

// value appends one value to dst and says where it begins.
func (s scanner) value(dst []byte) ([]byte, Pos, error) {
	first, err := s.more()
	at := s.pos
	if err != nil {
		return dst, at, err
	}
	switch first {
	case '"':
		dst, err = s.text(dst)
	case '{', '[':
		dst, err = s.nested(dst)
	case ',', ':', '}', ']':
		err = at.errorf("%q where a value was expected", first)
	default:
		dst, err = s.word(dst)
	}
	return dst, at, err
}

// text appends a string, quotes included.
func (s scanner) text(dst []byte) ([]byte, error) {
	b, err := s.next()
	for dst = append(dst, b); err == nil; dst = append(dst, b) {
		at := s.pos
		if b, err = s.must(); err != nil {
			break
		}
		switch b {
		case '"':
			return append(dst, b), nil
		case '\\':
			dst = append(dst, b)
			b, err = s.must()
		case '\n':
			err = at.errorf("a line break in a string")
		}
	}
	return dst, err
}

// nested appends an object or an array, up to the bracket that ends it.
func (s scanner) nested(dst []byte) ([]byte, error) {
	for depth := 0; ; {
		b, err := s.peek()
		if err == nil && b == '"' {
			if dst, err = s.text(dst); err != nil {
				return dst, err
			}
			continue
		}
		at := s.pos
		if b, err = s.must(); err != nil {
			return dst, err
		}
		if b == '\n' && s.oneLine {
			return dst, at.errorf("the line ends in the middle of an entry")
		}
		dst = append(dst, b)
		switch b {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return dst, nil
			}
		}
	}
}

// word appends a number, true, false or null.
func (s scanner) word(dst []byte) ([]byte, error) {
	for {
		b, err := s.peek()
		if err == io.EOF || err == nil && strings.IndexByte(" \t\r\n,:]}{[\"", b) >= 0 {
			return dst, nil
		}
		if err == nil {
			_, err = s.next()
		}
		if err != nil {
			return dst, err
		}
		dst = append(dst, b)
	}
}
