// Package show is what `parfor show` does with a file of results: it sums up,
// filters, prints values, and converts.
//
//	Options, Run   show.go
//	filters        filter.go, query.go
//	the summary    summary.go, failures.go
//	formats        convert.go, table.go, joblog.go
package show

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
)

// Options are the flags of show. Filters of one kind widen it (a status or
// another), filters of several kinds narrow it.
type Options struct {
	Failed   bool     // all that is not ok
	OK       bool     // what is ok
	Statuses []string // ok, failed, timeout, canceled
	Codes    []int    // exit codes or statuses of responses
	Keys     []string
	Where    string // a jq expression: what it gives for a record is neither false nor null

	// One of these says what is shown; without any it is the summary.
	ListKeys bool   // keys, one a line
	Select   string // values: a path such as body.id, or a jq expression
	Format   string // jsonl, json, csv, table, joblog; db with Out

	Out   string // a file, by its suffix in the format of results
	Force bool   // Out may be replaced
}

// ErrUsage is in errors that are the user's: nothing was read.
var ErrUsage = errors.New("usage")

type usageError struct{ error }

func (u usageError) Unwrap() []error { return []error{ErrUsage, u.error} }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// Run shows the results in the file at path on w. Options are looked at before
// anything is read or written. The results of a run that goes on, or was ended
// by force, are read from its journal.
func Run(w io.Writer, path string, o Options) error {
	f, err := newFilter(o)
	if err != nil {
		return err
	}
	show, err := choose(w, path, o)
	if err != nil {
		return err
	}
	return show(f.of(results.Read(path)))
}

type records = iter.Seq2[record.Record, error]

// choose finds what does what the options want.
func choose(w io.Writer, path string, o Options) (func(records) error, error) {
	set := 0
	for _, is := range []bool{o.ListKeys, o.Select != "", o.Format != "" || o.Out != ""} {
		if is {
			set++
		}
	}
	if set > 1 {
		return nil, usagef("--keys, --select and --format (or -o) are different things to show: choose one")
	}
	switch {
	case o.ListKeys:
		return func(all records) error { return listKeys(w, all) }, nil
	case o.Select != "":
		return selected(w, o.Select)
	case o.Format != "" || o.Out != "":
		return converter(w, path, o)
	}
	return func(all records) error { return summarise(w, path, all) }, nil
}

// listKeys prints keys so that they can be the lines of another run's input.
func listKeys(w io.Writer, all records) error {
	b := buffered(w)
	for r, err := range all {
		if err != nil {
			return b.end(err)
		}
		if strings.ContainsAny(r.Key, "\n\r") {
			return b.end(fmt.Errorf("key %q has more than one line: --select '.key|@json' prints keys as JSON", r.Key))
		}
		b.line(r.Key)
	}
	return b.end(nil)
}
