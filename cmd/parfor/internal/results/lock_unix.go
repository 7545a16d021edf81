//go:build unix

package results

import (
	"os"
	"syscall"
)

// lock keeps other runs from a journal until it is closed.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
