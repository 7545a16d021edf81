//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package journalfile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// closesFirst says that an open file can't be replaced.
const closesFirst = false

// openLocked opens the file at path, with a lock that lasts as long as it is
// open. The lock belongs to the file and not to its name, which a compaction
// gives to another file: so who has the lock looks whether the name still leads
// to it.
func openLocked(path string, create bool) (*os.File, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	for {
		f, err := os.OpenFile(path, flags, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(f); err != nil {
			defer f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, &LockedError{Path: path, PID: holder(f)}
			}
			return nil, fmt.Errorf("parfor: the journal %s cannot be locked: %w", path, err)
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

func flock(f *os.File) error {
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
