package item

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lineReader reads lines of any length. Those longer than its buffer are put
// together in a memory of their own, which it keeps only while they are usual.
type lineReader struct {
	reader *bufio.Reader
	sep    byte
	line   int // the number of the line that next returned, from 1
	long   []byte
}

const keptLong = 1 << 20

// next is a line without its end, valid until the next call; io.EOF after the
// last one, which needs no end.
func (l *lineReader) next() ([]byte, error) {
	l.line++
	line, err := l.reader.ReadSlice(l.sep)
	if err == bufio.ErrBufferFull {
		line, err = l.more(line)
	}
	switch {
	case err == nil:
		return line[:len(line)-1], nil
	case err == io.EOF && len(line) > 0:
		return line, nil
	}
	return nil, err
}

func (l *lineReader) more(first []byte) (line []byte, err error) {
	if cap(l.long) > keptLong {
		l.long = nil
	}
	l.long = append(l.long[:0], first...)
	for {
		part, err := l.reader.ReadSlice(l.sep)
		l.long = append(l.long, part...)
		if err != bufio.ErrBufferFull {
			return l.long, err
		}
	}
}

// trimReturn drops the carriage return that Windows programs end lines with.
func trimReturn(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// texts are lines, or what is between NULs.
type texts struct {
	*file
	format Format
}

func (t texts) schema() Schema { return Schema{} }

var errNUL = errors.New("the line has a NUL in it, which no argument can have (--format null reads items that end with one)")

func (t texts) each(yield func(Item) bool) error {
	lines := lineReader{reader: t.reader, sep: '\n'}
	trimmed := t.format == Lines
	if t.format == Null {
		lines.sep = 0
	}
	if trimmed {
		if err := skipMark(t.reader); err != nil {
			return t.errorAt(1, err)
		}
	}
	for seq := 1; ; {
		line, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return t.errorAt(lines.line, err)
		}
		if trimmed {
			if line = trimReturn(line); len(line) == 0 {
				continue
			}
			if bytes.IndexByte(line, 0) >= 0 {
				return t.errorAt(lines.line, errNUL)
			}
		}
		if !yield(Item{Seq: seq, Whole: Value{Text: string(line)}}) {
			return nil
		}
		seq++
	}
}
