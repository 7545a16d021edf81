//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package lockedfile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Pinned says that the name of an open file stays its own: it can neither be
// removed nor given to another file.
const Pinned = false

// Open is os.OpenFile with O_RDWR and flag, and a lock that lasts as long as the
// file is open, in whatever way the process ends. It doesn't wait. The lock
// belongs to the file and not to its name, which whoever had it before may have
// removed or given to another file: so who has the lock looks whether the name
// still leads to it.
func Open(path string, flag int, perm os.FileMode) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|flag, perm)
		if err != nil {
			return nil, err
		}
		if err := lock(f); err != nil {
			f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, ErrHeld
			}
			return nil, fmt.Errorf("%s cannot be locked: %w", path, err)
		}
		mine, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		if named, err := os.Stat(path); err == nil && os.SameFile(mine, named) {
			return f, nil
		}
		f.Close()
	}
}

func lock(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	if err := c.Control(func(fd uintptr) {
		for {
			locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB)
			if locked != syscall.EINTR {
				return
			}
		}
	}); err != nil {
		return err
	}
	return locked
}
