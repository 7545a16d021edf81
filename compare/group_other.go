//go:build !unix

package compare

import (
	"os"
	"os/exec"
)

// ownGroup has no groups to make here.
func ownGroup(*exec.Cmd) {}

// killGroup kills the command; what it has started can't be found here.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

func exitStatus(s *os.ProcessState) int { return s.ExitCode() }
