//go:build unix

package lines

import (
	"os"
	"os/exec"
	"syscall"
)

const supported = true

type groupSignal = syscall.Signal

const (
	term = syscall.SIGTERM
	kill = syscall.SIGKILL
)

// ownGroup puts the process that cmd starts into a process group of its own.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signalGroup reaches all of the group that the process leads. A group that is
// no more is none of its errors.
func signalGroup(pid int, s groupSignal) { syscall.Kill(-pid, s) }

func endingOf(s *os.ProcessState) ending {
	if s == nil {
		return ending{code: -1}
	}
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return ending{code: 128 + int(w.Signal()), signal: w.Signal().String()}
	}
	return ending{code: s.ExitCode()}
}
