package process

import (
	"time"

	"golang.org/x/sys/unix"
)

// hasEnded reports whether a child has ended. It stays to be waited for.
func hasEnded(pid int) bool {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err != nil || info.Signo != 0
		}
	}
}

// endsWithin waits for a child's end. One whose files are closed because it ends
// takes some microseconds more.
func endsWithin(pid int, limit time.Duration) bool {
	end := time.Now().Add(limit)
	for wait := 50 * time.Microsecond; !hasEnded(pid); wait = min(2*wait, 5*time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(wait)
	}
	return true
}

// awaitEnd blocks until a child that was killed has ended, and leaves it to be
// waited for.
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}
