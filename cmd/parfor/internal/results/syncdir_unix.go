//go:build unix

package results

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes a new name last. Some file systems can't, and don't need to.
func syncDir(dir string) error {
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
