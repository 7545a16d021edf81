//go:build unix && !linux

package process

import (
	"os"
	"runtime"
	"syscall"
)

const supported = true

// rssUnit is that of ru_maxrss: bytes on macOS, KiB elsewhere.
var rssUnit = func() int64 {
	if runtime.GOOS == "darwin" {
		return 1
	}
	return 1024
}()

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func executable() (string, error) { return os.Executable() }

func settleIn() { syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
