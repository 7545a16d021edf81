package meter_test

import (
	"syscall"
	"testing"
	"unsafe"

	"parfor.dev/parfor/internal/meter"
)

// The tolerance is for the readings that bracket the system call, not a speed:
// however long it takes, Now must fall between them.
func TestNowIsTheMachinesClock(t *testing.T) {
	for range 1000 {
		before := meter.Now()
		var ts syscall.Timespec
		if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
			t.Skip(errno)
		}
		after := meter.Now()
		const slack = 100_000 // ns: half of the system call that learned the offset, on a bad day
		if ts.Nano() < before-slack || ts.Nano() > after+slack {
			t.Fatalf("CLOCK_MONOTONIC is %d, Now was %d before and %d after", ts.Nano(), before, after)
		}
	}
}
