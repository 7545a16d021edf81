package results

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Format is a form that results are written in.
type Format string

const (
	JSON  Format = "json"  // one dictionary: key -> record
	JSONL Format = "jsonl" // a record a line
	CSV   Format = "csv"
	DB    Format = "db" // SQLite
)

// Output is where results go: to a file, or to W if Path is "".
type Output struct {
	Path   string
	Format Format
	W      io.Writer // JSONL: a record as it is done; JSON: all, by Finish
}

// To is the output to a file, whose suffix says the format: .json, .jsonl,
// .csv or .db.
func To(path string) (Output, error) {
	f, ok := formatOf(path)
	if f == DB && !hasDB {
		return Output{}, fmt.Errorf("%s: this parfor was built without databases (tag nodb): use .json, .jsonl or .csv", path)
	}
	if !ok {
		return Output{}, fmt.Errorf("%s: the suffix says no format: end it in .json, .jsonl, .csv or .db", path)
	}
	return Output{Path: path, Format: f}, nil
}

func formatOf(path string) (Format, bool) {
	switch f := Format(strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))); f {
	case JSON, JSONL, CSV, DB:
		return f, true
	case "ndjson":
		return JSONL, true
	case "sqlite", "sqlite3":
		return DB, true
	}
	return "", false
}

// Changed says what happens to a key that was done with another task.
type Changed string

const (
	ChangedFail  Changed = "fail"  // an error; also ""
	ChangedRerun Changed = "rerun" // it is done again
	ChangedKeep  Changed = "keep"  // what it came to stays
)

// OnDuplicate says what happens to a key that comes again in a run.
type OnDuplicate string

const (
	DuplicateError  OnDuplicate = "error"  // also ""
	DuplicateSuffix OnDuplicate = "suffix" // it becomes key#2, key#3…
	DuplicateLast   OnDuplicate = "last"   // all run, the last one's record stays
)

// How often the journal is synced to the disk; other values are intervals.
const (
	SyncDefault = time.Duration(0)  // each second
	SyncNever   = time.Duration(-1) // when the system likes
	SyncEach    = time.Duration(1)  // before Append returns
)

// Options say what Open may do with what is there.
type Options struct {
	Resume bool // go on with what is there, if there is something
	Force  bool // start over

	// Fingerprint is the template, as a text to be shown: line by line what
	// makes the tasks, but no secrets: it is stored. Results of another one
	// can't be resumed, unless Changed says what to do.
	Fingerprint string
	Changed     Changed
	OnDuplicate OnDuplicate

	Total int           // how many items there are, for messages; 0: not known
	Build string        // of the program, kept in the journal
	Sync  time.Duration // at most this much is lost with the power

	wrap func(disk) disk // tests
}

func (o Options) validate(outputs []Output) error {
	var errs []error
	if o.Resume && o.Force {
		errs = append(errs, errors.New("--resume goes on, --force starts over: choose one"))
	}
	switch o.Changed {
	case "", ChangedFail, ChangedRerun, ChangedKeep:
	default:
		errs = append(errs, fmt.Errorf("--changed %s: it is fail, rerun or keep", o.Changed))
	}
	switch o.OnDuplicate {
	case "", DuplicateError, DuplicateSuffix, DuplicateLast:
	default:
		errs = append(errs, fmt.Errorf("--on-duplicate %s: it is error, suffix or last", o.OnDuplicate))
	}
	if len(outputs) == 0 {
		errs = append(errs, errors.New("no output"))
	}
	seen := map[string]bool{}
	for _, out := range outputs {
		if out.Path == "" {
			if out.W == nil || out.Format != JSON && out.Format != JSONL {
				errs = append(errs, fmt.Errorf("standard output takes json and jsonl, not %s", out.Format))
			}
			continue
		}
		if clean := filepath.Clean(out.Path); seen[clean] {
			errs = append(errs, fmt.Errorf("%s: twice an output", out.Path))
		} else {
			seen[clean] = true
		}
		errs = append(errs, validateFile(out.Path))
	}
	return errors.Join(errs...)
}

// validateFile finds now what would be sad to find at the end.
func validateFile(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path)
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("%s: its folder: %w", path, err)
	}
	if !dir.IsDir() {
		return fmt.Errorf("%s: %s is no folder", path, filepath.Dir(path))
	}
	return nil
}
