//go:build !race

package task

import (
	"sync"
	"syscall"
)

// goroutine returns a number that no other living goroutine has: the address of
// the runtime's record of it.
func goroutine() uintptr

const (
	sysMembarrier    = 324
	barrierQuery     = 0
	barrierExpedited = 1 << 3
	barrierRegister  = 1 << 4
)

// biased says that sections can have owners here: Linux 4.14, and nobody forbids
// the call. The order of a plain store and the stores before it is the
// architecture's.
var biased = func() bool {
	can, _, errno := syscall.RawSyscall(sysMembarrier, barrierQuery, 0, 0)
	return errno == 0 && can&barrierExpedited != 0 && can&barrierRegister != 0
}()

// register tells the kernel that this process will fence. It takes some
// milliseconds once, so programs whose tasks have one goroutine each are spared.
var register = sync.OnceFunc(func() { membarrier(barrierRegister) })

// fenceAll returns when every running thread of this process has executed a
// memory fence.
func fenceAll() {
	register()
	membarrier(barrierExpedited)
}

func membarrier(command uintptr) {
	if _, _, errno := syscall.Syscall(sysMembarrier, command, 0, 0); errno != 0 {
		panic("parfor: membarrier: " + errno.Error()) // it was there when the program began
	}
}
