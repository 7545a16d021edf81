//go:build !unix

package process

import (
	"errors"
	"os"
	"syscall"
)

// Worker processes need inherited pipes and shared memory: NewPool returns
// errors.ErrUnsupported here.
const supported = false

const quitSignal = syscall.Signal(3)

var workerSignals = []os.Signal{os.Interrupt}

func inheritedFile(fd int, name string) *os.File { return os.NewFile(uintptr(fd), name) }
func keepFD(int)                                 {}
func waitByte(int) error                         { return errors.ErrUnsupported }
func ringOnce(uintptr) bool                      { return true }
func killOwnGroup()                              {}
func killGroup(int)                              {}
func askDump(int)                                {}
func attributes() *syscall.SysProcAttr           { return nil }
func executable() (string, error)                { return os.Executable() }
func settleIn()                                  {}

func exited(s *os.ProcessState) (syscall.Signal, int, int64) { return 0, s.ExitCode(), 0 }
