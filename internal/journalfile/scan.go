package journalfile

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// scanner reads the records of a file in order. It holds one of them, and never
// takes more memory than the file has bytes for.
type scanner struct {
	path   string
	r      io.ReaderAt
	size   int64
	header Header
	pre    preamble
	first  int64 // offset of the record after the header

	in   *bufio.Reader
	at   int64 // where the next record begins
	body []byte
}

// errBad is a record that is incomplete or has the wrong sum.
var errBad = errors.New("incomplete")

// newScanner reads the header. If that is all that is wrong, and all there is,
// the error is errBad: the file was being begun when its writer died.
func newScanner(path string, r io.ReaderAt, size int64) (*scanner, error) {
	s := &scanner{path: path, r: r, size: size}
	b := make([]byte, min(size, preambleSize))
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), b); err != nil {
		return nil, s.failed(err)
	}
	whole := newPreamble([4]byte{}).append(nil)
	if len(b) < preambleSize {
		if n := min(len(b), preambleSize-4); string(b[:n]) == string(whole[:n]) {
			return nil, errBad
		}
		return nil, s.notJournal()
	}
	if string(b[:len(magic)]) != magic {
		return nil, s.notJournal()
	}
	if v := binary.LittleEndian.Uint32(b[len(magic):]); v != Version {
		return nil, fmt.Errorf("%w: %s has version %d, this program knows %d", ErrVersion, path, v, Version)
	}
	s.pre = newPreamble([4]byte(b[preambleSize-4:]))
	s.rewind(preambleSize)
	kind, body, err := s.frame()
	switch {
	case err == io.EOF || err == errBad:
		if good, err := s.goodAfter(preambleSize); err != nil || good != 0 || size > preambleSize+frameHead+maxHeader {
			return nil, errors.Join(err, s.damaged(preambleSize, good, errors.New("its header is lost")))
		}
		return nil, errBad
	case err != nil:
		return nil, err
	case kind != KindHeader:
		return nil, s.damaged(preambleSize, 0, errors.New("it doesn't begin with a header"))
	}
	if err := s.header.decode(body); err != nil {
		return nil, s.damaged(preambleSize, 0, err)
	}
	s.first = s.at
	return s, nil
}

func (s *scanner) notJournal() error { return fmt.Errorf("%w: %s", ErrNotJournal, s.path) }

func (s *scanner) failed(err error) error {
	return fmt.Errorf("parfor: the journal %s: %w", s.path, err)
}

func (s *scanner) damaged(at, good int64, err error) error {
	return &DamagedError{Path: s.path, Offset: at, Good: good, Err: err}
}

// rewind makes the record at the offset the next one.
func (s *scanner) rewind(offset int64) {
	s.at = offset
	section := io.NewSectionReader(s.r, offset, max(0, s.size-offset))
	if s.in == nil {
		s.in = bufio.NewReaderSize(section, 256<<10)
	} else {
		s.in.Reset(section)
	}
}

// frame reads the next record; its body is valid until the next call. The error
// is io.EOF at the end of the file and errBad if no whole record is there.
func (s *scanner) frame() (Kind, []byte, error) {
	if s.at == s.size {
		return 0, nil, io.EOF
	}
	b, err := s.in.Peek(frameHead)
	if err != nil {
		return 0, nil, s.short(err)
	}
	h, ok := s.pre.parse(b, s.size-s.at)
	if !ok {
		return 0, nil, errBad
	}
	sum := s.pre.sum(b, s.at)
	s.in.Discard(frameHead)
	// The bound of a length is what the file has left, which may be a hole: so
	// memory grows with what was read.
	s.body = s.body[:0]
	for left := int(h.length); left > 0; {
		at, step := len(s.body), min(left, max(1<<16, len(s.body)))
		s.body = slices.Grow(s.body, step)[:at+step]
		if _, err := io.ReadFull(s.in, s.body[at:]); err != nil {
			return 0, nil, s.short(err)
		}
		left -= step
	}
	if crc32.Update(sum, castagnoli(), s.body) != h.sum {
		return 0, nil, errBad
	}
	s.at += frameHead + h.length
	return h.kind, s.body, nil
}

// short is the error of a read that got less than there should be: the file was
// cut meanwhile, or can't be read.
func (s *scanner) short(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errBad
	}
	return s.failed(err)
}

// records calls visit with every record after the header, and returns where
// they end: before the file's end if its tail is torn, which is no error. A
// base that is not whole counts as torn too: no item has begun. An error of
// visit ends the scan and is returned.
func (s *scanner) records(visit func(at int64, r *Record) error) (end int64, err error) {
	var r Record
	order := order{}
	partial := int64(0) // where the base began that is not whole yet
	for {
		at := s.at
		kind, body, err := s.frame()
		switch {
		case err == io.EOF:
			return cmp.Or(partial, at), nil
		case err == errBad:
			good, err := s.goodAfter(at)
			if err == nil && good != 0 {
				err = s.damaged(at, good, nil)
			}
			return cmp.Or(partial, at), err
		case err != nil:
			return at, err
		}
		if err = r.decode(kind, body); err == nil {
			err = order.next(&r)
		}
		switch {
		case errors.Is(err, ErrVersion):
			return at, fmt.Errorf("%w (%s, byte %d)", err, s.path, at)
		case err != nil:
			return cmp.Or(partial, at), s.damaged(at, 0, err)
		}
		switch {
		case kind == KindBase && r.Base.Last:
			partial = 0
		case kind == KindBase && partial == 0:
			partial = at
		}
		if err := visit(at, &r); err != nil {
			return at, err
		}
	}
}

// order is which records may follow: a base in pieces, then items.
type order struct{ inBase, begun bool }

func (o *order) next(r *Record) error {
	switch {
	case r.Kind == KindBase && o.begun:
		return errors.New("a base after the first item")
	case r.Kind != KindBase && o.inBase:
		return errors.New("an item before the base is whole")
	case r.Kind == KindBase:
		o.inBase = !r.Base.Last
		o.begun = r.Base.Last
	default:
		o.begun = true
	}
	return nil
}
