package procgroup

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// tells says that the system tells a command of the end of parfor. It is off in
// the test of those that don't.
var tells = true

// Attributes are those of a process that leads a group of its own and gets
// SIGTERM when parfor ends before it, by kill -9 for one: a run that is resumed
// must not meet what its former self has left running.
//
// SIGTERM and not SIGKILL: it lets a command clean up, and programs that stand
// before others (timeout, make, npx, docker run) pass on the one and can't the
// other. That a command may ignore it is one reason for [Guard]. Programs with
// special rights (set-user-ID) don't get it. Others may get it more than once:
// from each of parfor's threads in turn, as one inherits the children of another
// (reparenting in the kernel's forget_original_parent).
//
// The kernel's parent is the thread that forked, so the signal also comes when
// that thread ends (golang/go#27505). Go's threads end in one way only: with a
// goroutine that called runtime.LockOSThread and returns without unlocking. Of
// parfor's packages process alone locks a thread, and unlocks it; what it
// imports is looked through by TestNobodyEndsThreads of the command.
//
// If parfor dies between the fork and the prctl that asks for the signal, the
// child sees that its parent is another by then, and sends it to itself: package
// syscall looks.
func Attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if tells {
		a.Pdeathsig = syscall.SIGTERM
	}
	return a
}

// nameless makes a file that is on no disk.
func nameless() (*os.File, error) {
	fd, err := unix.MemfdCreate("parfor-guard", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "parfor-guard"), nil
}
