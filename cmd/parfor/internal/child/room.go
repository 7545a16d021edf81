package child

import (
	"os"
	"runtime"
)

// MakeRoomForForks doubles how many threads run Go, unless the user has set it. A
// program that runs many commands calls it once.
//
// A thread that forks waits, in the kernel, until the command has taken its own
// memory, and counts as one that runs: with as many as there are processors two
// forks leave nobody to take the results of commands that have ended. 2000 x
// true on two processors: 1.2 x as fast with four, and no better with six.
func MakeRoomForForks() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0))
	}
}
