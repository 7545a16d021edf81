//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package journalfile

import (
	"errors"
	"fmt"
	"os"
)

// closesFirst says that an open file can't be replaced.
const closesFirst = false

// openLocked refuses: two loops that write one journal would ruin it.
func openLocked(path string, _ bool) (*os.File, error) {
	return nil, fmt.Errorf("parfor: the journal %s: this system has no lock on files: %w", path, errors.ErrUnsupported)
}
