// Package wire is the format of the messages between a pool and a worker that
// don't go through shared memory: rare ones, on pipes.
//
// A frame is one byte of type, a 64-bit length, and the payload. A bell is a
// frame without either.
package wire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Type of a frame.
type Type uint8

// Types of frames. Those of the worker come first.
const (
	Bell       Type = 1 + iota // results are there
	Hello                      // the worker runs: fingerprint of its registry
	Ready                      // its init function has returned
	InitFailed                 // ... with this error
	Call                       // a request to the owner: id, kind, payload
	Dump                       // stacks of all goroutines
	Leaving                    // what its exit hooks said
	Log                        // a record of its log
	Profiled                   // a part of a profile: id, kind, bytes

	Open    // a loop that needs more than its body
	Cancel  // a loop's context ended: number, cause
	Close   // a loop is over: number
	Reply   // the answer to a call: id, error flag, payload
	Quit    // no more tasks will come
	Profile // take one: id, 0, order; or stop: id, 1
	Logged  // how many bytes of records have been dealt with, in all

	last
)

// MaxPayload bounds the frames of a worker; a pool's may carry a loop's
// constants, which are as large as the user made them.
const MaxPayload = 64<<20 + 4096

// Append appends a frame.
func Append(dst []byte, t Type, payload []byte) []byte {
	dst = append(dst, byte(t))
	if t == Bell {
		return dst
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(payload)))
	return append(dst, payload...)
}

// Reader reads frames. It grows its buffer with what really arrived, never by
// what a length promises.
type Reader struct {
	r   *bufio.Reader
	max uint64
	buf []byte
}

// NewReader returns a reader of frames of at most max bytes.
func NewReader(r io.Reader, max uint64) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 512), max: max}
}

// Next returns the next frame; the payload is valid until the next call. The
// error is io.EOF at the end of the stream, also in the middle of a frame: the
// writer died.
func (r *Reader) Next() (Type, []byte, error) {
	b, err := r.r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	t := Type(b)
	if t == Bell {
		return t, nil, nil
	}
	if t == 0 || t >= last {
		return 0, nil, fmt.Errorf("parfor: no such frame: %d", b)
	}
	var size [8]byte
	if _, err := io.ReadFull(r.r, size[:]); err != nil {
		return 0, nil, io.EOF
	}
	n := binary.LittleEndian.Uint64(size[:])
	if n > r.max {
		return 0, nil, fmt.Errorf("parfor: a frame of %d bytes: the limit is %d", n, r.max)
	}
	r.buf = r.buf[:0]
	for left := int(n); left > 0; {
		step := min(left, max(4096, len(r.buf)))
		at := len(r.buf)
		r.buf = slices.Grow(r.buf, step)[:at+step]
		if _, err := io.ReadFull(r.r, r.buf[at:]); err != nil {
			return 0, nil, io.EOF
		}
		left -= step
	}
	return t, r.buf, nil
}

// Writer writes frames, one at a time.
type Writer struct {
	mu  sync.Mutex
	w   io.Writer
	buf []byte
}

// NewWriter returns a writer of frames.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes one frame. It may block; it is safe for concurrent use.
func (w *Writer) Write(t Type, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.write(t, payload)
}

// TryWrite writes one frame unless another one is being written.
func (w *Writer) TryWrite(t Type, payload []byte) error {
	if !w.mu.TryLock() {
		return fmt.Errorf("parfor: the pipe is busy")
	}
	defer w.mu.Unlock()
	return w.write(t, payload)
}

func (w *Writer) write(t Type, payload []byte) error {
	w.buf = Append(w.buf[:0], t, payload)
	_, err := w.w.Write(w.buf)
	if cap(w.buf) > 1<<20 {
		w.buf = nil
	}
	return err
}
