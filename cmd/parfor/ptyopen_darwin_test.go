package main

import (
	"bytes"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openPTY opens a new terminal: what programs write to tty is read from master.
func openPTY() (master, tty *os.File, err error) {
	if master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	var name [128]byte
	err = onFD(master, func(fd int) error {
		for _, request := range []uintptr{unix.TIOCPTYGRANT, unix.TIOCPTYUNLK, unix.TIOCPTYGNAME} {
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(&name))); errno != 0 {
				return errno
			}
		}
		return nil
	})
	if err == nil {
		text, _, _ := bytes.Cut(name[:], []byte{0})
		tty, err = os.OpenFile(string(text), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
	}
	return master, tty, err
}
