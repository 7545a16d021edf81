package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// ErrClosed says that nobody reads the output any more, as after `| head`. The
// caller stops quietly, with exit code 141.
var ErrClosed = errors.New("the output has been closed")

// catchPipe turns SIGPIPE, with which Go ends a program that writes to a
// closed standard output, into an error of the write. To ignore the signal
// would do too, but the commands that we start would inherit that.
var catchPipe = sync.OnceFunc(func() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) })

// sink is one of the two ends. It counts, and after an error writes no more.
type sink struct {
	to   io.Writer
	name string
	n    int64
	err  error
}

func (s *sink) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.to.Write(b)
	s.n += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	switch {
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		s.err = fmt.Errorf("%s: %w", s.name, ErrClosed)
	case err != nil:
		s.err = fmt.Errorf("%s takes no more after %d bytes: %w", s.name, s.n, err)
	}
	return n, s.err
}
