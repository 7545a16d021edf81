//go:build unix

package lines

import (
	"os"
	"os/exec"
	"syscall"

	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
)

const supported = true

type groupSignal = syscall.Signal

const (
	term = syscall.SIGTERM
	kill = syscall.SIGKILL
)

// ownGroup puts the process that cmd starts into a process group of its own.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = procgroup.Attributes() }

// signalGroup reaches all of the group that the process leads. A group that is
// no more is none of its errors.
func signalGroup(pid int, s groupSignal) { syscall.Kill(-pid, s) }

func endingOf(s *os.ProcessState) ending {
	if s == nil {
		return ending{code: -1}
	}
	code, by := procgroup.Code(s.Sys().(syscall.WaitStatus))
	if by == 0 {
		return ending{code: code}
	}
	return ending{code: code, signal: by.String()}
}
