package results

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// csvReader reads CSV as it is: encoding/csv's reader makes \n of the \r\n in
// an answer, and can't tell "" from nothing.
type csvReader struct {
	r    *bufio.Reader
	line int // where the row begins, from 1
	next int
}

// cell is a cell of a row.
type cell struct {
	text   string
	quoted bool
}

// row reads the next row; io.EOF is the end.
func (c *csvReader) row() ([]cell, error) {
	c.line = c.next + 1
	var row []cell
	for {
		cl, end, err := c.cell(len(row) == 0)
		if err != nil {
			return nil, err
		}
		row = append(row, cl)
		if end {
			return row, nil
		}
	}
}

// cell reads a cell and what ends it: a comma, or the row.
func (c *csvReader) cell(first bool) (cl cell, end bool, err error) {
	b, err := c.r.ReadByte()
	if err == io.EOF && !first {
		return cl, true, nil
	}
	if err != nil {
		return cl, false, err
	}
	var text strings.Builder
	if b == '"' {
		cl.quoted = true
		if err := c.quoted(&text); err != nil {
			return cl, false, err
		}
		cl.text = text.String()
		b, err = c.r.ReadByte()
		if b == '\r' && err == nil {
			b, err = c.r.ReadByte()
		}
		switch {
		case err == io.EOF, err == nil && b == '\n':
			c.next++
			return cl, true, nil
		case err == nil && b != ',':
			return cl, false, fmt.Errorf("line %d: %q after a quoted cell", c.next+1, b)
		}
		return cl, false, err
	}
	for ; err == nil && b != ',' && b != '\n'; b, err = c.r.ReadByte() {
		if b == '"' {
			return cl, false, fmt.Errorf("line %d: a quote in a cell that does not begin with one", c.next+1)
		}
		text.WriteByte(b)
	}
	if err != nil && err != io.EOF {
		return cl, false, err
	}
	cl.text = text.String()
	if end = err == io.EOF || b == '\n'; end {
		c.next++
		cl.text = strings.TrimSuffix(cl.text, "\r")
	}
	return cl, end, nil
}

// quoted reads a quoted cell behind its first quote, up to the last.
func (c *csvReader) quoted(text *strings.Builder) error {
	for {
		b, err := c.r.ReadByte()
		if err == io.EOF {
			return fmt.Errorf("line %d: the quoted cell has no end", c.line)
		}
		if err != nil {
			return err
		}
		if b == '\n' {
			c.next++
		}
		if b == '"' {
			if after, err := c.r.Peek(1); err != nil || after[0] != '"' {
				return nil
			}
			_, _ = c.r.ReadByte()
		}
		text.WriteByte(b)
	}
}

// readCSV goes over the records of a CSV file with our columns, in any order.
func readCSV(path string, r io.Reader, yield func(record.Record, error) bool) {
	c := &csvReader{r: bufio.NewReaderSize(r, 256<<10)}
	fail := func(err error) { yield(record.Record{}, fmt.Errorf("%s: %w", path, err)) }
	head, err := c.row()
	if errors.Is(err, io.EOF) {
		err = errors.New("no header")
	}
	if err != nil {
		fail(err)
		return
	}
	names := make([]string, len(head))
	keyed := false
	for i, h := range head {
		names[i] = strings.TrimPrefix(h.text, "\uFEFF")
		keyed = keyed || names[i] == "key"
	}
	if !keyed {
		fail(errors.New("no column is called key: not a file of results"))
		return
	}
	for {
		row, err := c.row()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && len(row) != len(names) {
			err = fmt.Errorf("line %d: %s, the header has %d", c.line, count(len(row), "column"), len(names))
		}
		var rec record.Record
		for i := 0; err == nil && i < len(row); i++ {
			if err = setCell(&rec, names[i], row[i]); err != nil {
				err = fmt.Errorf("line %d: %s: %w", c.line, names[i], err)
			}
		}
		if err != nil {
			fail(err)
			return
		}
		if !yield(rec, nil) {
			return
		}
	}
}

func setCell(r *record.Record, name string, c cell) (err error) {
	if c.text == "" && !(name == "output" && c.quoted) {
		return nil
	}
	switch name {
	case "key":
		r.Key = c.text
	case "seq":
		r.Seq, err = strconv.Atoi(c.text)
	case "status":
		r.Status = record.Status(c.text)
	case "task":
		r.Task = c.text
	case "code":
		r.Code, err = strconv.Atoi(c.text)
	case "body":
		if !json.Valid([]byte(c.text)) {
			return errors.New("no JSON")
		}
		r.Body = json.RawMessage(c.text)
	case "output":
		r.Output = &c.text
	case "output_base64":
		r.Base64, err = base64.StdEncoding.DecodeString(c.text)
	case "output_file":
		r.File = c.text
	case "stderr":
		r.Stderr = c.text
	case "error":
		r.Error = c.text
	case "attempts":
		r.Attempts, err = strconv.Atoi(c.text)
	case "started":
		r.Started, err = time.Parse(time.RFC3339Nano, c.text)
	case "ms":
		r.MS, err = strconv.ParseFloat(c.text, 64)
	case "worker":
		r.Worker, err = strconv.Atoi(c.text)
	case "truncated":
		r.Truncated, err = strconv.ParseBool(c.text)
	}
	return err
}
