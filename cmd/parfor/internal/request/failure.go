package request

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// Stage is how far a request got.
type Stage int

const (
	Local     Stage = iota // a fault on this side: a file that can't be read or written, say
	Connect                // no connection: not one byte of the request was sent
	Unhandled              // the server says, or the connection shows, that it did nothing
	Sent                   // some of it was sent, and no answer came: it may have had its effect
	Answering              // an answer had begun
)

// Failure is a request that got no complete answer.
type Failure struct {
	Stage   Stage
	Timeout time.Duration // which limit was over, 0 if none was
	Address string        // where to
	Got     int64         // bytes of the body that had arrived
	Err     error
}

func (f *Failure) Error() string {
	switch {
	case f.Timeout > 0 && f.Stage == Connect:
		return fmt.Sprintf("no connection to %s after %v", f.Address, f.Timeout)
	case f.Timeout > 0 && f.Stage == Answering:
		return fmt.Sprintf("the answer was not complete after %v, %d bytes of it had come (--timeout)", f.Timeout, f.Got)
	case f.Timeout > 0:
		return fmt.Sprintf("no answer after %v (--timeout)", f.Timeout)
	case f.Stage == Connect:
		return fmt.Sprintf("no connection to %s: %v", f.Address, short(f.Err))
	case f.Stage == Answering:
		return fmt.Sprintf("the answer broke off after %d bytes: %v", f.Got, short(f.Err))
	case f.Stage == Local:
		return f.Err.Error()
	}
	return fmt.Sprintf("no answer from %s: %v", f.Address, short(f.Err))
}

func (f *Failure) Unwrap() error { return f.Err }

// short is the cause without the addresses that net puts before it.
func short(err error) error {
	var op *net.OpError
	for errors.As(err, &op) {
		err = op.Err
	}
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		return sys.Err
	}
	return err
}

// permanent reports whether another attempt would end the same way.
func (f *Failure) permanent() bool {
	var cert *tls.CertificateVerificationError
	return f.Stage == Local || errors.As(f.Err, &cert)
}

// errLocal is a fault on this side, found while a body was opened.
type errLocal struct{ error }

func (e errLocal) Unwrap() error { return e.error }

// Outcome is the status of an item whose last attempt ended with err, or with
// an answer if that is nil.
func Outcome(err error) record.Status {
	var f *Failure
	switch {
	case err == nil:
		return record.OK
	case errors.As(err, &f):
		if f.Timeout > 0 {
			return record.Timeout
		}
		return record.Failed
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return record.Canceled
	}
	return record.Failed
}
