//go:build linux || darwin

package item

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// interruptible is a reader of the same file that ends with os.ErrClosed once
// close is called, even while it waits. It leaves the file open, and its mode
// as it is: other programs share it.
func interruptible(from io.Reader) (r io.Reader, closeIt func(), err error) {
	f, ok := from.(*os.File)
	if !ok {
		return from, func() {}, nil
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	w := &waiting{f: f}
	if err := conn.Control(func(fd uintptr) { w.fd = int32(fd) }); err != nil {
		return nil, nil, err
	}
	if w.wake, w.waker, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	wakeConn, err := w.wake.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	if err := wakeConn.Control(func(fd uintptr) { w.wakeFD = int32(fd) }); err != nil {
		return nil, nil, err
	}
	return w, sync.OnceFunc(w.close), nil
}

// waiting waits for its file or its end, whichever is first. It is its end when
// the writing side of the pipe is closed.
type waiting struct {
	f           *os.File
	fd, wakeFD  int32
	wake, waker *os.File

	mu     sync.Mutex // held by the one who waits: the number of a closed pipe may be another file's
	closed bool
}

func (w *waiting) Read(p []byte) (int, error) {
	if !w.wait() {
		return 0, os.ErrClosed
	}
	return w.f.Read(p)
}

// wait says whether there is something to read, an error or the end included.
func (w *waiting) wait() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.closed {
		fds := []unix.PollFd{{Fd: w.fd, Events: unix.POLLIN}, {Fd: w.wakeFD, Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err == unix.EINTR {
			continue
		}
		return fds[1].Revents == 0 // a system that can't wait for this file says so at once: then Read waits
	}
	return false
}

func (w *waiting) close() {
	w.waker.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.wake.Close()
}
