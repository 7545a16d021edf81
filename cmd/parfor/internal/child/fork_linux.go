package child

import (
	"syscall"

	"golang.org/x/sys/unix"

	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
)

// withPidfd is off in the test of kernels without pidfd (before 5.3).
var withPidfd = true

func attributes(pidfd *int) *syscall.SysProcAttr {
	a := procgroup.Attributes()
	if withPidfd {
		a.PidFD = pidfd
	}
	return a
}

// pipe is not os.Pipe, which would tell the runtime's poller about it.
func pipe() (r, w int, err error) {
	var p [2]int
	err = unix.Pipe2(p[:], unix.O_CLOEXEC)
	return p[0], p[1], err
}
