package results

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"

	"parfor.dev/parfor/internal/entryfile"
)

// readCSV goes over the records of a CSV file with our columns, in any order.
func readCSV(path string, r io.Reader, yield func(record.Record, error) bool) {
	rows := entryfile.NewRowReader(r, math.MaxInt)
	fail := func(err error) { yield(record.Record{}, fmt.Errorf("%s: %w", path, err)) }
	head, _, err := rows.Row(nil)
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
		names[i] = h.Text
		keyed = keyed || names[i] == "key"
	}
	if !keyed {
		fail(errors.New("no column is called key: not a file of results"))
		return
	}
	var row []entryfile.Cell
	for {
		var at entryfile.Pos
		var err error
		row, at, err = rows.Row(row[:0])
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && len(row) != len(names) {
			err = fmt.Errorf("line %d: %s, the header has %d", at.Line, count(len(row), "column"), len(names))
		}
		var rec record.Record
		for i := 0; err == nil && i < len(row); i++ {
			if err = setCell(&rec, names[i], row[i]); err != nil {
				err = fmt.Errorf("line %d: %s: %w", row[i].At.Line, names[i], err)
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

func setCell(r *record.Record, name string, c entryfile.Cell) (err error) {
	if c.Text == "" && !(name == "output" && c.Quoted) {
		return nil
	}
	switch name {
	case "key":
		r.Key = c.Text
	case "seq":
		r.Seq, err = strconv.Atoi(c.Text)
	case "status":
		r.Status = record.Status(c.Text)
	case "task":
		r.Task = c.Text
	case "code":
		r.Code, err = strconv.Atoi(c.Text)
	case "body":
		if !json.Valid([]byte(c.Text)) {
			return errors.New("no JSON")
		}
		r.Body = json.RawMessage(c.Text)
	case "output":
		r.Output = &c.Text
	case "output_base64":
		r.Base64, err = base64.StdEncoding.DecodeString(c.Text)
	case "output_file":
		r.File = c.Text
	case "stderr":
		r.Stderr = c.Text
	case "error":
		r.Error = c.Text
	case "attempts":
		r.Attempts, err = strconv.Atoi(c.Text)
	case "started":
		r.Started, err = time.Parse(time.RFC3339Nano, c.Text)
	case "ms":
		r.MS, err = strconv.ParseFloat(c.Text, 64)
	case "worker":
		r.Worker, err = strconv.Atoi(c.Text)
	case "truncated":
		r.Truncated, err = strconv.ParseBool(c.Text)
	}
	return err
}
