package process

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

const lifelines = true

// grasp has the kernel kill this worker's group when the other end of the pipe is
// closed. It runs in an init function, whose thread is the one that the
// parent-death signal was set for: it is needed no more, and would kill the worker
// alone, before its children are reached. Where anything of it fails that signal
// stays.
func grasp(fd int) {
	defer syscall.Close(fd)
	// A description of its own: the inherited one is shared with other workers,
	// and has one owner to send signals to.
	own, err := syscall.Open("/proc/self/fd/"+strconv.Itoa(fd), syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	for _, c := range [][2]int{
		{unix.F_SETOWN, -os.Getpid()},
		{unix.F_SETSIG, int(syscall.SIGKILL)},
		{unix.F_SETFL, unix.O_ASYNC | unix.O_NONBLOCK},
	} {
		if _, err := unix.FcntlInt(uintptr(own), c[0], c[1]); err != nil {
			syscall.Close(own)
			return
		}
	}
	gone := []unix.PollFd{{Fd: int32(own), Events: unix.POLLIN}}
	if n, _ := unix.Poll(gone, 0); n > 0 { // before the kernel would tell
		killOwnGroup()
	}
	unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0)
}
