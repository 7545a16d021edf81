//go:build unix

package process

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

func mayOpen(n int) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now); err != nil {
		return fmt.Errorf("OpenFiles: %w", err)
	}
	if uint64(n) > uint64(now.Max) {
		return fmt.Errorf("OpenFiles(%d): the program may have %d itself: raise its limit (ulimit -Hn)", n, now.Max)
	}
	return nil
}

// setNice sets the whole process: on Linux it is a matter of threads, and a
// worker's process group has them all. One that another was just creating in the
// moment of the first call is met by the second.
func setNice(n int) error {
	if err := unix.Setpriority(unix.PRIO_PGRP, 0, n); err != nil {
		return err
	}
	return unix.Setpriority(unix.PRIO_PGRP, 0, n)
}

func limitFiles(n uint64) error { return lower(syscall.RLIMIT_NOFILE, n) }

// lower sets a limit that can't be raised again.
func lower(resource int, n uint64) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(resource, &l); err != nil {
		return err
	}
	n = min(n, uint64(l.Max))
	put(&l.Cur, n)
	put(&l.Max, n)
	return syscall.Setrlimit(resource, &l)
}

// put is for a field whose type differs from system to system.
func put[T int64 | uint64](field *T, n uint64) { *field = T(n) }
