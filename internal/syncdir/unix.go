//go:build unix

// Package syncdir makes new names in a directory last.
package syncdir

import (
	"errors"
	"os"
	"syscall"
)

// Sync makes the names in a directory last: what was created or renamed there
// is still there after a loss of power. Some file systems can't, and don't need
// to.
func Sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
