//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// windowSize asks the terminal; ok is false if f is none.
func windowSize(f *os.File) (width, height int, ok bool) {
	conn, err := f.SyscallConn() // and not Fd, which makes the file blocking
	if err != nil {
		return 0, 0, false
	}
	var size *unix.Winsize
	e := conn.Control(func(fd uintptr) { size, err = unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ) })
	if err != nil || e != nil {
		return 0, 0, false
	}
	return int(size.Col), int(size.Row), true
}
