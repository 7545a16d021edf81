package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newMemory is a file of n bytes in memory, for both processes to map.
func newMemory(n int64) *os.File {
	fd, err := unix.MemfdCreate("transport", unix.MFD_CLOEXEC)
	must(err)
	f := os.NewFile(uintptr(fd), "")
	must(f.Truncate(n))
	return f
}

// wide makes sure that a pipe holds all messages in flight: the default, unless
// the user has very many pipes.
func wide(w raw) {
	if n, err := unix.FcntlInt(uintptr(w), unix.F_GETPIPE_SZ, 0); err != nil || n < window {
		_, err := unix.FcntlInt(uintptr(w), unix.F_SETPIPE_SZ, window)
		must(err)
	}
}

// populate maps all pages at once. It may fail: then they come one by one.
func populate(b []byte) { syscall.Madvise(b, unix.MADV_POPULATE_READ) }

// sleepers lists the ways in which a side of a ring can sleep.
func sleepers() []sleeper {
	return append([]sleeper{{"futex", 0, func() (waker, []*os.File) { return futex{}, nil }, func(int) waker { return futex{} }}}, pipeSleepers()...)
}

// futex sleeps on the word itself, while it is 1.
type futex struct{}

const (
	futexWait = 0
	futexWake = 1
)

func (futex) sleep(mine *atomic.Uint32) {
	syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(mine)), futexWait, 1, 0, 0, 0)
}

func (futex) wake(theirs *atomic.Uint32) {
	syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(theirs)), futexWake, 1, 0, 0, 0)
}

func (futex) close() {}
