package progress

import (
	"io"
	"syscall"
)

// columns asks the terminal behind w for its width; ok is false if w is none.
func columns(w io.Writer) (n int, ok bool) {
	c, isFile := w.(syscall.Conn)
	if !isFile {
		return 0, false
	}
	raw, err := c.SyscallConn() // and not Fd, which makes the file blocking
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) { n, ok = terminalWidth(fd) })
	return n, ok && err == nil
}
