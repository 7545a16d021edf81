package show

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/results"
)

// Formats are the forms in which records are written.
var Formats = []string{"table", "jsonl", "json", "csv", "joblog", "keys"}

// Writer writes records in a form. End has to be called after the last.
type Writer struct {
	w      io.Writer
	format string
	csv    *csv.Writer
	n      int
}

// NewWriter returns a writer of a format, and an error if it is none of Formats.
func NewWriter(w io.Writer, format string) (*Writer, error) {
	o := &Writer{w: w, format: format}
	switch format {
	case "table", "jsonl", "json", "keys":
	case "csv":
		o.csv = csv.NewWriter(w)
		return o, o.csv.Write(results.Columns)
	case "joblog": // GNU parallel's
		_, err := io.WriteString(w, "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n")
		return o, err
	default:
		return nil, fmt.Errorf("--format %q: it is one of %s", format, strings.Join(Formats, ", "))
	}
	return o, nil
}

// Write writes a record.
func (o *Writer) Write(k results.Kept) error {
	o.n++
	switch o.format {
	case "csv":
		return o.csv.Write(results.Row(k))
	case "keys":
		_, err := fmt.Fprintln(o.w, k.Key)
		return err
	case "joblog":
		code, signal := k.Code, 0
		if k.Code > 128 {
			code, signal = 0, k.Code-128
		}
		_, err := fmt.Fprintf(o.w, "%d\t:\t%.3f\t%10.3f\t0\t%d\t%d\t%d\t%s\n", k.Seq, float64(k.Started.UnixMicro())/1e6, k.MS/1000, size(k), code, signal, line(k.Key, 1000))
		return err
	case "table":
		_, err := fmt.Fprintf(o.w, "%-24s %-8s %4d %9.1f ms  %s\n", line(k.Key, 24), k.Status, k.Code, k.MS, line(gist(k), 100))
		return err
	}
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if o.format == "jsonl" {
		_, err = o.w.Write(append(b, '\n'))
		return err
	}
	sep := ",\n"
	if o.n == 1 {
		sep = "{\n"
	}
	_, err = fmt.Fprintf(o.w, "%s%s: %s", sep, quoted(k.Key), b)
	return err
}

// End writes what comes after the last record.
func (o *Writer) End() error {
	switch {
	case o.csv != nil:
		o.csv.Flush()
		return o.csv.Error()
	case o.format == "json":
		end := "\n}\n"
		if o.n == 0 {
			end = "{}\n"
		}
		_, err := io.WriteString(o.w, end)
		return err
	}
	return nil
}

// Value writes a value as jq -r does: a text as it is, anything else as JSON.
func Value(w io.Writer, v any) error {
	if text, ok := v.(string); ok {
		_, err := fmt.Fprintln(w, text)
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// gist is what a person wants to see of a record: why it failed, or how its
// output begins.
func gist(k results.Kept) string {
	switch {
	case k.Error != "":
		return k.Error
	case k.Output != nil:
		text, _, _ := strings.Cut(*k.Output, "\n")
		return text
	case k.Body != nil:
		return string(k.Body)
	case k.File != "":
		return "in " + k.File
	case k.Base64 != nil:
		return strconv.Itoa(len(k.Base64)) + " bytes"
	}
	return ""
}

func size(k results.Kept) int {
	if k.Output != nil {
		return len(*k.Output)
	}
	return len(k.Body) + len(k.Base64)
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string always has JSON
	return string(b)
}
