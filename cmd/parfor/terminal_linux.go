package main

import (
	"os"
	"syscall"
	"unsafe"
)

// windowSize asks the terminal; ok is false if f is none.
func windowSize(f *os.File) (width, height int, ok bool) {
	var size struct{ rows, cols, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	return int(size.cols), int(size.rows), errno == 0
}
