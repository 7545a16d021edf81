package results

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
)

// scanned is what is at the end of a journal.
type scanned struct {
	end  int64 // of the last sound line
	torn int64 // bytes behind it, which are no line
}

// scan goes over the lines of a journal that are sound, with their offsets and
// without checksum and brace; a line is valid during the call only. Lines that
// are not sound are the torn tail if no sound one follows them, and else a
// *DamageError: no call was made for what is behind the damage.
func scan(path string, f io.ReaderAt, each func(offset int64, open []byte) error) (s scanned, err error) {
	r := bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 64<<10)
	var offset, bad int64 = 0, -1
	var long []byte
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, line...)
			continue
		}
		if len(long) > 0 {
			long = append(long, line...)
			line, long = long, long[:0]
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return s, err
		}
		if err != nil { // no end of line: never sound
			s.torn = offset + int64(len(line)) - s.end
			return s, beginning(path, s, line)
		}
		size := int64(len(line))
		open, sound := unseal(line[:size-1])
		switch {
		case !sound && offset == 0:
			return s, &DamageError{Path: path}
		case !sound && bad < 0:
			bad = offset
		case sound && bad >= 0:
			return s, &DamageError{Path: path, Offset: bad}
		case sound:
			if offset == 0 && !bytes.HasPrefix(open, headerStart) {
				return s, &DamageError{Path: path}
			}
			if err := each(offset, open); err != nil {
				return s, err
			}
			s.end = offset + size
		}
		offset += size
	}
}

// beginning looks at a file that has no line: it may be one that was just begun,
// but must not be something else, which would be cut.
func beginning(path string, s scanned, line []byte) error {
	n := min(len(line), len(headerStart))
	if s.end > 0 || bytes.Equal(line[:n], headerStart[:n]) {
		return nil
	}
	return &DamageError{Path: path}
}

// contents is what a journal has.
type contents struct {
	scanned
	header  header // the last
	headers int
	whole   bool // it has all that it imports
	index   *index
	counts  Counts // of the last records of keys
}

// load reads a journal into an index.
func load(path string, f *os.File, last bool) (*contents, error) {
	c := &contents{index: newIndex()}
	s, err := scan(path, f, func(offset int64, open []byte) error {
		switch {
		case bytes.HasPrefix(open, headerStart):
			h, err := parseHeader(path, open)
			if c.headers == 0 {
				c.whole = h.Imports == ""
			}
			c.header = h
			c.headers++
			return err
		case bytes.HasPrefix(open, importedStart):
			c.whole = true
			return nil
		}
		h, ok := parseHead(open)
		if !ok {
			return &DamageError{Path: path, Offset: offset}
		}
		c.add(h, offset, last)
		return nil
	})
	c.scanned = s
	return c, err
}

func (c *contents) add(h head, offset int64, last bool) {
	id := c.index.key(h.key)
	if last {
		id = c.index.task(h.key, unstamped(h.task))
	}
	if was := c.index.get(id); was != 0 {
		*c.counts.of(was.status()) -= 1
	}
	*c.counts.of(h.status) += 1
	c.index.set(id, at(storedAs(h.status), uint64(offset)))
}
