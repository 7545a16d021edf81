package request

import (
	"bytes"
	"io"
)

// payload is a rendered body: bytes, or something to open for each attempt.
type payload struct {
	bytes []byte
	open  func() (io.ReadCloser, error) // nil: bytes
	size  int64                         // of what open yields; -1: not known
	note  func(*hasher)                 // what stands for it in the task's hash; nil: bytes
}

// reader starts the body from its beginning.
func (p *payload) reader() (io.ReadCloser, error) {
	if p.open != nil {
		return p.open()
	}
	return io.NopCloser(bytes.NewReader(p.bytes)), nil
}

func (p *payload) length() int64 {
	if p.open != nil {
		return p.size
	}
	return int64(len(p.bytes))
}

func (p *payload) empty() bool { return p.open == nil && len(p.bytes) == 0 }
