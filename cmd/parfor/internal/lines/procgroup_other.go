//go:build !unix

package lines

import (
	"os"
	"os/exec"
)

const supported = false // New says so, and nothing below is reached

type groupSignal int

const term, kill groupSignal = 0, 0

func ownGroup(*exec.Cmd) {}

func signalGroup(int, groupSignal) {}

func endingOf(s *os.ProcessState) ending { return ending{code: s.ExitCode()} }
