//go:build unix && !linux

package child

import "syscall"

// attributes puts the command into a group of its own.
func attributes(*int) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

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
