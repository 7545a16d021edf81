package shm

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	futexWait = 0
	futexWake = 1
)

// sleepOn sleeps while the word, which lies in shared memory, has that value;
// and not for ever, as the one who was to wake us may have been killed.
func sleepOn(word *atomic.Uint32, value uint32) {
	limit := syscall.NsecToTimespec(int64(10 * time.Millisecond))
	syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(value), uintptr(unsafe.Pointer(&limit)), 0, 0)
}

// wakeWord wakes those who sleep on the word.
func wakeWord(word *atomic.Uint32) {
	syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, 1<<30, 0, 0, 0)
}
