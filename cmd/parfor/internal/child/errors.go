package child

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Exit statuses that shells give to programs that can't be run.
const (
	CodeCannotRun = 126
	CodeNotFound  = 127
)

// StartError is a command that didn't run at all.
type StartError struct {
	Prog string
	Code int   // CodeNotFound, CodeCannotRun, or 0: this system has no room for it
	Err  error // its text has the way out
}

func (e *StartError) Error() string {
	if e.Prog == "" {
		return e.Err.Error()
	}
	return e.Prog + ": " + e.Err.Error()
}

func (e *StartError) Unwrap() error { return e.Err }

// SpillError is output that couldn't be kept. The command was ended; what was
// kept until then is in the result.
type SpillError struct {
	Stream Stream
	Kept   int64
	Err    error // names the file
}

func (e *SpillError) Error() string {
	var at *fs.PathError
	if (errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, noQuota)) && errors.As(e.Err, &at) {
		return fmt.Sprintf("%s is over %d bytes and there is no room for more in %s: %v: set TMPDIR to another place, keep more in memory (--max-output), or print nothing (-q)",
			e.Stream, e.Kept, filepath.Dir(at.Path), at.Err)
	}
	return fmt.Sprintf("%s beyond the first %d bytes could not be kept: %v (TMPDIR names another place, --max-output keeps more in memory)", e.Stream, e.Kept, e.Err)
}

func (e *SpillError) Unwrap() error { return e.Err }

// explained is the error of an exec with its way out.
func explained(c *Command, path string, err error) error {
	e := &StartError{Prog: c.Argv[0], Code: CodeCannotRun, Err: err}
	switch {
	case errors.Is(err, syscall.E2BIG):
		e.Err = tooLong(c, err)
	case c.Dir != "" && !isDir(c.Dir):
		e.Err = fmt.Errorf("cannot run in %s: no such folder", c.Dir)
	case errors.Is(err, fs.ErrNotExist):
		e.Code = CodeNotFound
		if _, statErr := os.Stat(path); statErr == nil {
			e.Code = CodeCannotRun
			err = fmt.Errorf("%w: the interpreter that it names (#! in its first line, or its loader) is missing", err)
		}
		e.Err = err
	case errors.Is(err, syscall.ENOEXEC):
		e.Err = fmt.Errorf("%w: it isn't a program of this system, or a script without #! in its first line", err)
	case errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EAGAIN):
		e.Code = 0
		e.Err = fmt.Errorf("no new process for %v: %w: fewer at once (-j), or more of them allowed (ulimit -u, memory)", startPatience, err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		e.Code = 0
		e.Err = fmt.Errorf("%w: fewer at once (-j), or more files allowed (ulimit -n)", err)
	}
	return e
}

func tooLong(c *Command, err error) error {
	longest, total := 0, 0
	for _, a := range c.Argv {
		longest = max(longest, len(a))
		total += len(a) + 1
	}
	return fmt.Errorf("%w: its %d arguments have %d bytes, the longest %d (Linux takes 131071 for one, and arguments with the environment share about 2 MB): hand the item over as input (--stdin)", err, len(c.Argv), total, longest)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
