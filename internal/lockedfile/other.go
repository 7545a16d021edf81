//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package lockedfile

import (
	"errors"
	"fmt"
	"os"
)

// Pinned says that the name of an open file stays its own.
const Pinned = false

// Open refuses: two who write one journal would ruin it.
func Open(path string, _ int, _ os.FileMode) (*os.File, error) {
	return nil, fmt.Errorf("%s: this system has no lock on files: %w", path, errors.ErrUnsupported)
}
