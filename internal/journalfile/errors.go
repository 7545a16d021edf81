package journalfile

import (
	"errors"
	"fmt"
)

// Errors that callers compare with errors.Is.
var (
	// ErrNotJournal means that the file is something else, or was never begun.
	ErrNotJournal = errors.New("parfor: not a journal")
	// ErrVersion means that a newer parfor wrote the file.
	ErrVersion = errors.New("parfor: the journal is of another version of the format")
	// ErrMismatch is what a *MismatchError Is.
	ErrMismatch = errors.New("parfor: the journal is of another loop")
	// ErrLocked is what a *LockedError Is.
	ErrLocked = errors.New("parfor: the journal is in use")
	// ErrDamaged is what a *DamagedError Is.
	ErrDamaged = errors.New("parfor: the journal is damaged")
	// ErrTooLarge means that a record is over MaxRecord.
	ErrTooLarge = errors.New("parfor: too large for a journal")
	// ErrClosed means that the journal was closed.
	ErrClosed = errors.New("parfor: the journal is closed")
)

// LockedError is a journal that another loop, here or in another process, has
// open. It Is [ErrLocked].
type LockedError struct {
	Path string
	PID  int // who has it, 0 if that can't be known
}

func (e *LockedError) Error() string {
	by := "another loop"
	if e.PID != 0 {
		by = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("parfor: the journal %s is in use by %s: wait for it, or give every loop a journal of its own", e.Path, by)
}

// Is says that it is an [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// DamagedError is a record that is not what was written, with others after it
// that are: no crash does that. It Is [ErrDamaged].
type DamagedError struct {
	Path   string
	Offset int64 // of the bad record
	Good   int64 // of a good one after it, 0 if the record itself tells
	Err    error // what is wrong with it, if that is known
}

func (e *DamagedError) Error() string {
	why := fmt.Sprintf("there are good records after it, from byte %d on", e.Good)
	if e.Err != nil {
		why = e.Err.Error()
	}
	instead := "give up what comes after that byte with journal.Repair"
	if e.Offset <= preambleSize {
		instead = "move it away to begin anew"
	}
	return fmt.Sprintf("parfor: the journal %s is damaged at byte %d (%s): bring back a copy, or %s", e.Path, e.Offset, why, instead)
}

// Is says that it is an [ErrDamaged].
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

// Unwrap is what is wrong with the record.
func (e *DamagedError) Unwrap() error { return e.Err }
