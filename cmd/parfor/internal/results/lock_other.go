//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package results

import (
	"errors"
	"fmt"
	"os"
)

const removesOpen = true

// openLocked refuses: two runs that write one journal would ruin it.
func openLocked(path string) (*os.File, error) {
	return nil, fmt.Errorf("%s: this system has no lock on files: %w", path, errors.ErrUnsupported)
}
