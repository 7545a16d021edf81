package show

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"parfor.dev/parfor/cmd/parfor/internal/results"
)

// converter writes records in a format, to w or to a file.
func converter(w io.Writer, path string, o Options) (func(records) error, error) {
	if o.Out != "" && o.Out != "-" {
		return toFile(path, o)
	}
	switch o.Format {
	case "", "jsonl", "json", "csv":
		f := results.Format(o.Format)
		if f == "" {
			f = results.JSONL
		}
		return func(all records) error { return results.Write(w, f, all) }, nil
	case "table":
		return func(all records) error { return table(w, all) }, nil
	case "joblog":
		return func(all records) error { return joblog(w, all) }, nil
	case "db":
		return nil, usagef("--format db: a database is a file: -o FILE.db")
	}
	return nil, usagef("--format %s: it is jsonl, json, csv, table or joblog", o.Format)
}

// toFile writes records to a file, which is there whole or not at all.
func toFile(path string, o Options) (func(records) error, error) {
	out, err := results.To(o.Out)
	if err != nil {
		return nil, usageError{err}
	}
	if o.Format != "" && o.Format != string(out.Format) {
		return nil, usagef("-o %s is %s, and --format says %s", o.Out, out.Format, o.Format)
	}
	info, err := os.Stat(o.Out)
	if err == nil {
		if from, err := os.Stat(results.Source(path)); err == nil && os.SameFile(info, from) {
			return nil, usagef("-o %s is the file that is read", o.Out)
		}
	}
	if !o.Force && !errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("-o %s exists: --force replaces it", o.Out)
	}
	return func(all records) error { return results.WriteFile(out, all) }, nil
}
