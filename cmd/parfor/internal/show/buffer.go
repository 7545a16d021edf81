package show

import (
	"bufio"
	"io"
)

// buffer is a bufio.Writer, which keeps its first error to the end.
type buffer struct{ *bufio.Writer }

func buffered(w io.Writer) buffer { return buffer{bufio.NewWriterSize(w, 64<<10)} }

func (b buffer) line(s string) {
	_, _ = b.WriteString(s)
	_ = b.WriteByte('\n')
}

// end writes what is there, and returns err or else what went wrong in writing.
func (b buffer) end(err error) error {
	if e := b.Flush(); err == nil {
		return e
	}
	return err
}
