package results

import (
	"errors"
	"fmt"
	"io/fs"
)

var (
	// ErrExists is in the error of Open for a file that is there already, with
	// neither Resume nor Force.
	ErrExists = errors.New("results exist")
	// ErrLocked is in the error of Open for results that another process writes.
	ErrLocked = errors.New("results are being written")
	// ErrTemplate is in the error of Open for results of another template.
	ErrTemplate = errors.New("results are of another template")
	// ErrDuplicate is in the error of Plan for a key that came before.
	ErrDuplicate = errors.New("duplicate key")
	// ErrChanged is in the error of Plan for a task that is not what was done
	// under its key.
	ErrChanged = errors.New("task has changed")
	// ErrClosed is returned after Finish and Close.
	ErrClosed = errors.New("results are closed")
)

// refusal is an error whose text says it all, and that is one of the above.
type refusal struct {
	kind error
	text string
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.kind }

func refuse(kind error, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}

// DamageError is a line that is not what was written, with sound ones behind it.
type DamageError struct {
	Path   string
	Offset int64 // where the line begins, in bytes
}

func (e *DamageError) Error() string {
	if e.Offset == 0 {
		return e.Path + ": the first line is damaged or not a journal's: bring back a copy of the file, or --force to start over"
	}
	return fmt.Sprintf("%s: damaged at byte %d, and there are sound records behind it: bring back a copy of the file, "+
		"or keep what is before (truncate -s %d %[1]s) and --resume, or --force to start over", e.Path, e.Offset, e.Offset)
}

// WriteError is a file that could not be written.
type WriteError struct {
	Path  string
	Safe  int    // so many records of this run are written
	Where string // the file that has them; "" if there is none
	Err   error
}

func (e *WriteError) Error() string {
	if e.Where == "" {
		return fmt.Sprintf("%s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%s: %v: safe in %[4]s: %[3]s of this run: run again with --resume when this is mended",
		e.Path, e.Err, count(e.Safe, "record"), e.Where)
}

func (e *WriteError) Unwrap() error { return e.Err }

// cause is an error of the system without the path, which is told anyway.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
