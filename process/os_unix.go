//go:build unix

package process

import (
	"os"
	"syscall"
)

const quitSignal = syscall.SIGQUIT

var workerSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// inheritedFile opens a descriptor of the worker, blocking: its readers have
// goroutines of their own, and a poller would cost a microsecond a message.
func inheritedFile(fd int, name string) *os.File {
	keepFD(fd)
	return os.NewFile(uintptr(fd), name)
}

// keepFD is for a descriptor that is used as a number: a File would close it
// when it is collected.
func keepFD(fd int) {
	syscall.CloseOnExec(fd)
	syscall.SetNonblock(fd, false)
}

// waitByte blocks until the pipe has bytes, and eats some.
func waitByte(fd int) error {
	var b [64]byte
	for {
		n, err := syscall.Read(fd, b[:])
		switch {
		case n > 0:
			return nil
		case err == syscall.EINTR || err == syscall.EAGAIN:
		case err != nil:
			return os.NewSyscallError("read", err)
		default: // the pool is gone; the control pipe says so too
			select {}
		}
	}
}

var oneByte = []byte{1}

// ringOnce writes a byte to a pipe, if there is room: in a full one are enough to
// wake whoever reads it.
func ringOnce(fd uintptr) bool {
	syscall.Write(int(fd), oneByte)
	return true
}

// killOwnGroup ends this worker and every process its bodies started.
func killOwnGroup() { syscall.Kill(0, syscall.SIGKILL) }

func killGroup(pid int) {
	syscall.Kill(-pid, syscall.SIGKILL)
	syscall.Kill(pid, syscall.SIGKILL) // it may not lead its group yet
}

func askDump(pid int) { syscall.Kill(pid, syscall.SIGQUIT) }

// exited says how a process ended.
func exited(s *os.ProcessState) (signal syscall.Signal, code int, rss int64) {
	code = s.ExitCode()
	if ws, ok := s.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		signal = ws.Signal()
	}
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		rss = int64(u.Maxrss) * rssUnit
	}
	return signal, code, rss
}
