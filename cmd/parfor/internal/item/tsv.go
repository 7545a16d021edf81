package item

import (
	"strings"
)

// tsvRows reads what is between tabs, as it is: TSV has no quotes, or quotes
// that mean themselves. Empty lines are skipped, a carriage return at the end
// is dropped.
type tsvRows struct {
	lineReader
	columns []string
}

func (t *tsvRows) Read() ([]string, error) {
	for {
		line, err := t.next()
		if err != nil {
			return nil, err
		}
		if line = trimReturn(line); len(line) == 0 {
			continue
		}
		t.columns = t.columns[:0]
		for column := range strings.SplitSeq(string(line), "\t") {
			t.columns = append(t.columns, column)
		}
		return t.columns, nil
	}
}

func (t *tsvRows) line() int { return t.lineReader.line }
