//go:build unix && !linux

package child

import (
	"syscall"

	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
)

func attributes(*int) *syscall.SysProcAttr { return procgroup.Attributes() }

func pipe() (r, w int, err error) {
	syscall.ForkLock.RLock() // no fork before both are marked
	defer syscall.ForkLock.RUnlock()
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		return 0, 0, err
	}
	syscall.CloseOnExec(p[0])
	syscall.CloseOnExec(p[1])
	return p[0], p[1], nil
}
