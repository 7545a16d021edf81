package results

import (
	"bufio"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"

	"parfor.dev/parfor/internal/entryfile"
)

// columns are those of CSV files and of the table of databases.
var columns = []string{"key", "seq", "status", "task", "code", "body", "output", "output_base64", "output_file",
	"stderr", "error", "attempts", "started", "ms", "worker", "truncated"}

// csvSink writes a header and a row a record, by RFC 4180 but with \n. Texts
// are as they are, line ends in them too; an output that is there and empty is
// "", one that isn't is nothing between two commas.
type csvSink struct {
	w    *bufio.Writer
	some bool
	row  []byte
}

func (s *csvSink) header() {
	if !s.some {
		s.some = true
		_, _ = s.w.WriteString(strings.Join(columns, ",") + "\n")
	}
}

func (s *csvSink) put(e *entry) error {
	s.header()
	rec, err := e.record()
	if err != nil {
		return err
	}
	s.row = appendRow(s.row[:0], rec)
	_, err = s.w.Write(s.row)
	return err
}

func (s *csvSink) close() error {
	s.header()
	return s.w.Flush()
}

func appendRow(b []byte, r *record.Record) []byte {
	b = append(entryfile.AppendCell(b, r.Key), ',')
	b = append(strconv.AppendInt(b, int64(r.Seq), 10), ',')
	b = append(entryfile.AppendCell(b, string(r.Status)), ',')
	b = append(entryfile.AppendCell(b, r.Task), ',')
	b = append(strconv.AppendInt(b, int64(r.Code), 10), ',')
	b = append(entryfile.AppendCell(b, string(r.Body)), ',')
	if r.Output != nil && *r.Output == "" {
		b = append(b, `""`...)
	} else if r.Output != nil {
		b = entryfile.AppendCell(b, *r.Output)
	}
	b = append(base64.StdEncoding.AppendEncode(append(b, ','), r.Base64), ',')
	b = append(entryfile.AppendCell(b, r.File), ',')
	b = append(entryfile.AppendCell(b, r.Stderr), ',')
	b = append(entryfile.AppendCell(b, r.Error), ',')
	b = append(strconv.AppendInt(b, int64(r.Attempts), 10), ',')
	if !r.Started.IsZero() {
		b = r.Started.AppendFormat(b, time.RFC3339Nano)
	}
	b = strconv.AppendFloat(append(b, ','), r.MS, 'f', -1, 64)
	b = append(strconv.AppendInt(append(b, ','), int64(r.Worker), 10), ',')
	return append(strconv.AppendBool(b, r.Truncated), '\n')
}
