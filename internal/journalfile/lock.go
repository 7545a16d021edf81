package journalfile

import (
	"errors"
	"os"

	"parfor.dev/parfor/internal/lockedfile"
)

// openLocked opens the file at path, with a lock that lasts as long as it is open.
func openLocked(path string, create bool) (*os.File, error) {
	flag := 0
	if create {
		flag = os.O_CREATE
	}
	f, err := lockedfile.Open(path, flag, 0o600)
	if errors.Is(err, lockedfile.ErrHeld) {
		return nil, &LockedError{Path: path, PID: holder(path)}
	}
	return f, err
}
