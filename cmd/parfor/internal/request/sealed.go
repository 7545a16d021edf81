package request

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"
)

// Sealed is a rendered request as it travels to another machine. What it has of
// files has been read.
type Sealed struct {
	Method, Authority, Path, Host string
	HTTPS                         bool
	Header                        Header
	NoType, NoAgent, NoEncoding   bool // headers that the user doesn't want
	Body                          []byte
	Idempotent                    bool
}

// Seal makes one. The error is that of a file of its body, or that the body is
// longer than most.
func (r *Request) Seal(most int64) (Sealed, error) {
	s := Sealed{Method: r.Method, Authority: r.target.authority, Path: r.target.path, Host: r.host, HTTPS: r.target.https,
		Header: r.Header, NoType: r.omit.contentType, NoAgent: r.omit.userAgent, NoEncoding: r.omit.acceptEncoding,
		Body: r.payload.bytes, Idempotent: r.idempotent}
	if n := r.payload.length(); n > most {
		return s, fmt.Errorf("its body has %d bytes, and %d can travel to an agent", n, most)
	}
	if r.payload.open == nil {
		return s, nil
	}
	from, err := r.payload.open()
	if err != nil {
		return s, err
	}
	defer from.Close()
	s.Body, err = io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(s.Body)) > most {
		err = fmt.Errorf("its body has over %d bytes, which is what can travel to an agent", most)
	}
	return s, err
}

// Request is the request again, to be sent from here.
func (s *Sealed) Request() *Request {
	return &Request{Method: s.Method, Header: s.Header, target: target{https: s.HTTPS, authority: s.Authority, path: s.Path}, host: s.Host,
		omit: omitted{s.NoType, s.NoAgent, s.NoEncoding}, payload: payload{bytes: s.Body}, idempotent: s.Idempotent}
}

// SealedFailure is a [Failure] as it travels back: its cause is a text, but for
// what decides about another attempt.
type SealedFailure struct {
	Stage     int
	Timeout   time.Duration
	Address   string
	Got       int64
	Text      string
	Untrusted bool // a certificate
}

// Seal makes one.
func (f *Failure) Seal() SealedFailure {
	s := SealedFailure{Stage: int(f.Stage), Timeout: f.Timeout, Address: f.Address, Got: f.Got}
	var cert *tls.CertificateVerificationError
	if s.Untrusted = errors.As(f.Err, &cert); s.Untrusted {
		s.Text = cert.Err.Error()
	} else if f.Stage == Local {
		s.Text = f.Err.Error()
	} else if f.Err != nil {
		s.Text = short(f.Err).Error()
	}
	return s
}

// Failure is the failure again.
func (s *SealedFailure) Failure() *Failure {
	f := &Failure{Stage: Stage(s.Stage), Timeout: s.Timeout, Address: s.Address, Got: s.Got, Err: errors.New(s.Text)}
	if s.Untrusted {
		f.Err = &tls.CertificateVerificationError{Err: f.Err}
	}
	return f
}

// MayRepeat reports whether requests of the plan may be sent again after they
// may have arrived; known is false where that depends on the item.
func (p *Plan) MayRepeat() (may, known bool) {
	m, same := fixed(p.method)
	return p.idempotent || same && idempotent(m), p.idempotent || same
}

// Any reports whether --retry-on says that any request may be sent again.
func (p Retry) Any() bool { return p.any }
