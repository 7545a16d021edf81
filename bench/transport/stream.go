//go:build unix

package main

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// raw is a descriptor used with blocking system calls.
type raw int

func (r raw) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(r), b)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (r raw) Write(b []byte) (done int, err error) {
	for done < len(b) {
		n, err := syscall.Write(int(r), b[done:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return done, os.NewSyscallError("write", err)
		}
		done += n
	}
	return done, nil
}

func (r raw) Close() error { return syscall.Close(int(r)) }

// rawPipe is a pipe that Go's netpoller doesn't know.
func rawPipe() (r, w raw) {
	var fds [2]int
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	must(syscall.Pipe(fds[:]))
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return raw(fds[0]), raw(fds[1])
}

// file is a descriptor as the other process is to inherit it.
func file(r raw) *os.File { return os.NewFile(uintptr(r), "") }

// again is the same file, on a descriptor of its own.
func again(f *os.File) *os.File {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	must(err)
	return file(raw(fd))
}

// polled puts a descriptor into Go's netpoller.
func polled(r raw) io.ReadWriteCloser {
	must(syscall.SetNonblock(int(r), true))
	return file(r)
}

// stream is an end of two pipes or a socket.
type stream struct {
	r, w    io.ReadWriteCloser
	size    int
	out, in []byte
	whole   int // bytes of in that the last take returned
	have    int // bytes of in
}

func newStream(r, w raw, poller bool) *stream {
	if !poller {
		return &stream{r: r, w: w}
	}
	s := &stream{r: polled(r)}
	s.w = s.r
	if w != r {
		s.w = polled(w)
	}
	return s
}

func openPipes(poller bool) (link, []*os.File) {
	thereR, thereW := rawPipe()
	backR, backW := rawPipe()
	wide(thereW)
	wide(backW)
	return newStream(backR, thereW, poller), []*os.File{file(thereR), file(backW)}
}

func openSocket(poller bool) (link, []*os.File) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(err)
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
		for _, buffer := range []int{syscall.SO_SNDBUF, syscall.SO_RCVBUF} {
			if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, buffer); err != nil || n < 2*window {
				must(syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, buffer, 2*window))
			}
		}
	}
	return newStream(raw(fds[0]), raw(fds[0]), poller), []*os.File{file(raw(fds[1]))}
}

// window is the most bytes of messages in flight. A pipe and a socket must hold
// them, else both processes could block in a write.
const window = inFlight * 1024

func inheritStream(r, w int, poller bool) link {
	for _, fd := range []int{r, w} {
		must(syscall.SetNonblock(fd, false))
	}
	return newStream(raw(r), raw(w), poller)
}

func (s *stream) begin(size, batch int) {
	s.size, s.have, s.whole = size, 0, 0
	s.in, s.out = make([]byte, size*batch), make([]byte, size*batch)
}

func (s *stream) place() []byte { return s.out }

func (s *stream) publish(n int) {
	_, err := s.w.Write(s.out[:n])
	must(err)
}

// take reads until there is a whole message: with one call, if batches are
// written with one.
func (s *stream) take() []byte {
	s.have = copy(s.in, s.in[s.whole:s.have])
	for s.have < s.size {
		n, err := s.r.Read(s.in[s.have:])
		must(err)
		s.have += n
	}
	s.whole = s.have / s.size * s.size
	return s.in[:s.whole]
}

func (s *stream) more() bool { return false }

func (s *stream) serve(o order) uint64 {
	switch o.op {
	case opTake:
		return uint64(touched(s.receive(int(o.n))))
	case opGive:
		s.send(prepared())
		return o.n
	}
	return serveEnd(s, o)
}

func (s *stream) close() {
	must(s.r.Close())
	if s.w != s.r {
		must(s.w.Close())
	}
}

// send writes a payload, receive reads one into memory of its own.
func (s *stream) send(b []byte) {
	_, err := s.w.Write(b)
	must(err)
}

func (s *stream) receive(n int) []byte {
	b := make([]byte, n)
	_, err := io.ReadFull(s.r, b)
	must(err)
	return b
}
