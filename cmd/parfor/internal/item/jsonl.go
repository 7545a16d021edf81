package item

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// jsonLines are JSON values, one a line. Blank lines are skipped.
type jsonLines struct{ *file }

func (j jsonLines) schema() Schema { return Schema{Open: true} }

func (j jsonLines) each(yield func(Item) bool) error {
	if err := skipMark(j.reader); err != nil {
		return j.errorAt(1, err)
	}
	lines := lineReader{reader: j.reader, sep: '\n'}
	for seq := 1; ; {
		line, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return j.errorAt(lines.line, err)
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		it, err := JSON(line)
		if err != nil {
			return j.errorAt(lines.line, notOneALine(line, err))
		}
		it.Seq = seq
		if !yield(it) {
			return nil
		}
		seq++
	}
}

// notOneALine adds what is most often wrong: the file is one JSON value over
// many lines.
func notOneALine(line []byte, err error) error {
	if len(line) == 1 && (line[0] == '{' || line[0] == '[') {
		return errors.New("a JSON value begins here that goes over more lines than one (--format json reads one array or object)")
	}
	return fmt.Errorf("no JSON: %w", err)
}
