//go:build unix

package request

import "syscall"

// alive looks whether the server closed an idle connection, or sent something
// nobody asked for, without waiting. It makes the moment in which a request is
// lost on a connection that is just being closed as short as it can be.
func (c *wireConn) alive() bool {
	if c.raw == nil {
		return false
	}
	var err error
	var n int
	rawErr := c.raw.Control(func(fd uintptr) { // not Read, which minds a deadline that is over
		var b [1]byte
		n, _, err = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return rawErr == nil && n <= 0 && (err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR)
}
