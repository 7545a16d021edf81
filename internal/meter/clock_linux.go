package meter

import (
	"math"
	"syscall"
	"time"
	"unsafe"
)

const clockMonotonic = 1 // CLOCK_MONOTONIC of clock_gettime(2)

// baseOffset is what time.Since(base) lacks to CLOCK_MONOTONIC. The runtime
// reads the same clock but keeps its zero to itself, so the clock is read once
// more, between two of its readings; the closest pair of a few wins.
func baseOffset() int64 {
	best, closest := int64(0), int64(math.MaxInt64)
	for range 5 {
		var ts syscall.Timespec
		before := time.Since(base)
		_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&ts)), 0)
		after := time.Since(base)
		if errno != 0 {
			return base.UnixNano()
		}
		if gap := int64(after - before); gap < closest {
			closest = gap
			best = ts.Nano() - int64(before) - gap/2
		}
	}
	return best
}
