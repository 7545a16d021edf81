package journal

import "parfor.dev/parfor/internal/journalfile"

// Errors that callers compare with errors.Is.
var (
	// ErrNotJournal means that the file is something else, or was never begun.
	ErrNotJournal = journalfile.ErrNotJournal
	// ErrVersion means that a newer parfor wrote the file.
	ErrVersion = journalfile.ErrVersion
	// ErrMismatch is what a *MismatchError Is.
	ErrMismatch = journalfile.ErrMismatch
	// ErrLocked is what a *LockedError Is.
	ErrLocked = journalfile.ErrLocked
	// ErrDamaged is what a *DamagedError Is.
	ErrDamaged = journalfile.ErrDamaged
	// ErrTooLarge means that an item's result and writes are over 256 MiB.
	ErrTooLarge = journalfile.ErrTooLarge
)

// LockedError is a journal that another loop, here or in another process, has
// open: Path, and PID if the system tells it.
type LockedError = journalfile.LockedError

// DamagedError is a record that is not what was written, with others after it
// that are: Path and Offset say where.
type DamagedError = journalfile.DamagedError

// MismatchError is a journal that is of another loop: Field says what differs.
type MismatchError = journalfile.MismatchError
