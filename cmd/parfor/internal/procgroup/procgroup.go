//go:build unix

// Package procgroup starts commands in process groups of their own, which can be
// ended whole, and that end with parfor where the system can see to it.
package procgroup

import "syscall"

// Code is the exit status of a process that has ended: 128+n, and signal n, if a
// signal has ended it.
func Code(s syscall.WaitStatus) (code int, by syscall.Signal) {
	if s.Signaled() {
		return 128 + int(s.Signal()), s.Signal()
	}
	return s.ExitStatus(), 0
}
