package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	codeOK     = 0
	codeFailed = 1 // some item failed, or a check of compare did
	codeUsage  = 2
	codeIO     = 3 // input or output

	codeDeadline = 124 // as of timeout(1)
	codeClosed   = 141 // nobody reads what is written, as if by SIGPIPE
)

// exitError is an error that knows its exit code.
type exitError struct {
	code   int
	err    error
	silent bool // it has been told already
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &exitError{code: codeUsage, err: fmt.Errorf(format, args...)}
}

func ioError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: codeIO, err: err}
}

var (
	// errChecksFailed has said its piece already, in the table.
	errChecksFailed = &exitError{code: codeFailed, err: errors.New("a check failed"), silent: true}
	// errStoppedCleanly ends a command for which ^C is the way to end.
	errStoppedCleanly = errors.New("stopped")
)

// helpFor shows the help of a command that was given nothing to do, which is no
// success: a script may have lost its arguments.
func helpFor(cmd *cobra.Command) error {
	if err := cmd.Help(); err != nil {
		return ioError(err)
	}
	return &exitError{code: codeUsage, err: errors.New("nothing to do"), silent: true}
}

func exitCode(err error) int {
	var e *exitError
	if errors.As(err, &e) {
		return e.code
	}
	return codeIO
}
