package journalfile

import (
	"errors"
	"fmt"
	"iter"
	"os"
)

// Reader reads a journal without its lock, also while a loop adds to it: it
// then sees a prefix of what will be there.
type Reader struct {
	path   string
	f      *os.File
	header Header
}

// OpenReader opens the file at path and reads its header.
func OpenReader(path string) (*Reader, error) {
	// Opening a pipe would wait for somebody to write to it.
	if at, err := os.Stat(path); err == nil && !at.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is no regular file", ErrNotJournal, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Reader{path: path, f: f}
	s, err := r.scanner()
	if err != nil {
		f.Close()
		return nil, err
	}
	r.header = s.header
	return r, nil
}

func (r *Reader) scanner() (*scanner, error) {
	size, err := sizeOf(r.path, r.f)
	if err != nil {
		return nil, err
	}
	s, err := newScanner(r.path, r.f, size)
	if err == errBad {
		return nil, fmt.Errorf("%w: %s was never begun", ErrNotJournal, r.path)
	}
	return s, err
}

// Header is that of the file.
func (r *Reader) Header() Header { return r.header }

var errBreak = errors.New("break")

// Records yields the records after the header, in order, as far as the file
// goes when the loop begins; a torn tail is not among them. An error is the
// last thing it yields. A record belongs to the loop until its next turn. Loops
// may run at once.
func (r *Reader) Records() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		s, err := r.scanner()
		if err == nil {
			_, err = s.records(func(_ int64, rec *Record) error {
				if !yield(rec, nil) {
					return errBreak
				}
				return nil
			})
		}
		if err != nil && err != errBreak {
			yield(nil, err)
		}
	}
}

// Survey counts what is in the file, in one read of it.
func (r *Reader) Survey() (Found, error) {
	s, err := r.scanner()
	if err != nil {
		return Found{}, err
	}
	c, err := survey(s, nil)
	if err != nil {
		return Found{}, err
	}
	return c.found(s), nil
}

// Close lets go of the file.
func (r *Reader) Close() error { return r.f.Close() }
