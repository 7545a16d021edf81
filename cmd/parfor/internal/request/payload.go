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

// Body is the beginning of the body, up to so many bytes, and how long all of it
// is, -1 if only sending it tells. What is in files is read from there.
func (r *Request) Body(most int) (head []byte, length int64, err error) {
	from, err := r.payload.reader()
	if err != nil {
		return nil, 0, err
	}
	defer from.Close()
	head, err = io.ReadAll(io.LimitReader(from, int64(most)))
	return head, r.payload.length(), err
}

func (p *payload) empty() bool { return p.open == nil && len(p.bytes) == 0 }
