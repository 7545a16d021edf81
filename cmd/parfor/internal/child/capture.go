package child

import (
	"bytes"
	"errors"
	"io"
	"os"

	"parfor.dev/parfor/cmd/parfor/internal/child/spill"
)

// Output is what is kept of a stream: its beginning in memory, and what was
// beyond in a file without a name, if it was to be kept.
type Output struct {
	head    []byte
	file    *os.File // nil: nothing spilled
	spilled int64
	dropped int64
}

// Kept is output that is all in memory.
func Kept(b []byte) Output { return Output{head: b} }

// Len is how many bytes are kept.
func (o *Output) Len() int64 { return int64(len(o.head)) + o.spilled }

// Dropped is how many bytes the command wrote that are not kept.
func (o *Output) Dropped() int64 { return o.dropped }

// Spilled is how many of the bytes kept are in a file.
func (o *Output) Spilled() int64 { return o.spilled }

// Resident is how many bytes of memory it takes.
func (o *Output) Resident() int64 { return int64(cap(o.head)) }

// Head is the part that is in memory: all of it if nothing was spilled.
func (o *Output) Head() []byte { return o.head }

// WriteTo writes all that is kept. It may be called again.
func (o *Output) WriteTo(w io.Writer) (int64, error) {
	n, err := io.Copy(w, bytes.NewReader(o.head))
	if err != nil || o.file == nil {
		return n, err
	}
	m, err := io.Copy(w, io.NewSectionReader(o.file, 0, o.spilled))
	if err == nil && m < o.spilled {
		err = io.ErrUnexpectedEOF
	}
	return n + m, err
}

// Close releases the file, if there is one. Head stays.
func (o *Output) Close() error {
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	o.file, o.spilled = nil, 0
	return err
}

// capture takes a stream apart: lines for who watches, bytes for the result.
type capture struct {
	out    *Output
	max    int64
	beyond Beyond
	dir    string
	live   *lines // nil: nobody watches
	stream Stream
}

func newCapture(c *Command, s Stream, out *Output) *capture {
	k := &capture{out: out, max: orDefault(c.MaxOutput, DefaultMaxOutput), beyond: c.Beyond, dir: c.TempDir, stream: s}
	if c.Live != nil {
		k.live = &lines{stream: s, to: c.Live}
	}
	return k
}

// add takes the next bytes. After an error the rest is only counted.
func (k *capture) add(b []byte) error {
	if k.live != nil {
		k.live.add(b)
	}
	o := k.out
	n := min(int64(len(b)), k.max-int64(len(o.head)))
	o.head = append(o.head, b[:n]...)
	if b = b[n:]; len(b) == 0 {
		return nil
	}
	if k.beyond == Cut {
		o.dropped += int64(len(b))
		return nil
	}
	return k.spill(b)
}

func (k *capture) spill(b []byte) error {
	o := k.out
	var err error
	if o.file == nil {
		o.file, err = spill.New(k.dir)
	}
	n := 0
	if err == nil {
		n, err = o.file.Write(b) // WriteAt forgets what a short write did write
	}
	o.spilled += int64(n)
	if err == nil {
		return nil
	}
	o.dropped += int64(len(b) - n)
	k.beyond = Cut // what comes now wouldn't follow what is there
	var path *os.PathError
	if !errors.As(err, &path) {
		err = &os.PathError{Op: "write", Path: k.dir, Err: err}
	}
	return &SpillError{k.stream, o.Len(), err}
}

// end is the end of the stream.
func (k *capture) end() {
	if k.live != nil {
		k.live.flush()
	}
}
