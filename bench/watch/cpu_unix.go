//go:build unix

package main

import (
	"syscall"
	"time"
)

// processorTime is what this process has used, of all cores together.
func processorTime() time.Duration {
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
