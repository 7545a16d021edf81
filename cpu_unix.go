//go:build unix

package parfor

import (
	"syscall"
	"time"
)

// cpuTime is what this process has computed so far, 0 if it isn't known.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
