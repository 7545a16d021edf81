package meter

import "time"

// base is read once; time.Since of it reads only the monotonic clock (29 ns
// where time.Now takes 55 and the system call 1.4 µs), and follows the fake
// clock of a testing/synctest bubble.
var (
	base   = time.Now()
	offset = baseOffset()
)

// Now reads the monotonic clock: nanoseconds, comparable across processes of
// one machine. On Linux it is CLOCK_MONOTONIC to within a microsecond;
// elsewhere it is the wall clock at the process's start plus the monotonic
// time since, so that a clock set between the starts of two processes shows.
func Now() int64 { return int64(time.Since(base)) + offset }
