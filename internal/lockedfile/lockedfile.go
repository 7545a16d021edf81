// Package lockedfile opens files that one process at a time may write: journals.
package lockedfile

import "errors"

// ErrHeld is the error of Open for a file that somebody else has open.
var ErrHeld = errors.New("somebody else has the file open")
