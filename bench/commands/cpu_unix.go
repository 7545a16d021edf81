//go:build unix

package main

import "syscall"

// cpu is the processor time of this process and its children so far, in
// seconds.
func cpu() float64 {
	var own, children syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &own))
	must(syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children))
	var sum float64
	for _, t := range []syscall.Timeval{own.Utime, own.Stime, children.Utime, children.Stime} {
		sum += float64(t.Sec) + float64(t.Usec)/1e6
	}
	return sum
}
