//go:build linux || darwin

package lines

import (
	"os"

	"golang.org/x/sys/unix"
)

// unread is how many bytes lie in the pipe of which f is an end; below 0 if that
// isn't known. On macOS it is 0 for the end that writes, whatever lies there,
// for a pipe is two buffers.
func unread(f *os.File) int {
	conn, err := f.SyscallConn()
	if err != nil {
		return -1
	}
	n := -1
	conn.Control(func(fd uintptr) {
		if got, err := unix.IoctlGetInt(int(fd), fionread); err == nil {
			n = got
		}
	})
	return n
}
