package item

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

const bufferSize = 64 << 10

// file is an open file or standard input.
type file struct {
	name    string
	reader  *bufio.Reader
	close   func() // ends a Read that waits, where the system can
	stopped atomic.Bool
	counter *counter // nil: it can't be read twice
}

// openFile opens a file. Of a regular one the items can be counted ahead.
func openFile(name string, count countFunc) (*file, error) {
	if name == "" {
		return nil, errors.New("the name of a source is empty")
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, missing(name, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a directory: a source is a file, or ::: and what is in it", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, missing(name, err)
	}
	file := &file{name: name, reader: newReader(f), close: func() { f.Close() }}
	if info.Mode().IsRegular() {
		file.counter = &counter{file: name, count: count}
	}
	return file, nil
}

func newReader(from io.Reader) *bufio.Reader {
	return bufio.NewReaderSize(&ending{from: from}, bufferSize)
}

// ending is a reader whose end is for good. A terminal has one for each ^D, and
// goes on after it; who looks twice would wait for another.
type ending struct {
	from io.Reader
	over bool
}

func (e *ending) Read(p []byte) (n int, err error) {
	if e.over {
		return 0, io.EOF
	}
	n, err = e.from.Read(p)
	e.over = err == io.EOF
	return n, err
}

func missing(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w (a source is a file, - for standard input, or a range like 1..500)", name, err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// openStdin takes standard input.
func openStdin(from io.Reader) (*file, error) {
	if f, ok := from.(*os.File); ok {
		info, err := f.Stat()
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		if info.IsDir() {
			return nil, errors.New("standard input is a directory")
		}
	}
	r, closeIt, err := interruptible(from)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return &file{name: "stdin", reader: newReader(r), close: closeIt}, nil
}

// stop ends the reading and counting, and waits for the counting.
func (f *file) stop() {
	f.stopped.Store(true)
	f.close()
	if f.counter != nil {
		f.counter.stop()
	}
}

func (f *file) total() (int, bool) {
	if f.counter == nil {
		return 0, false
	}
	return f.counter.total()
}

// errorAt says in which line it went wrong. What fails because the file was
// stopped is no error.
func (f *file) errorAt(line int, err error) error {
	if f.stopped.Load() {
		return nil
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s:%d: %w", f.name, line, err)
}

// skipMark skips the mark that Windows programs put before UTF-8, and refuses
// UTF-16, as every second byte of it would make a strange item. It waits for no
// more than one byte of what has no mark: the first line may be a short one.
func skipMark(r *bufio.Reader) error {
	first, err := r.Peek(1)
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	case first[0] != 0xef && first[0] < 0xfe:
		return nil
	}
	mark, _ := r.Peek(3) // an error comes again
	switch {
	case bytes.Equal(mark, []byte("\xef\xbb\xbf")):
		_, err = r.Discard(3)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		err = errors.New("the text is UTF-16; iconv -f utf-16 -t utf-8 makes it UTF-8")
	}
	return err
}
