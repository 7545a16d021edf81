package journalfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"parfor.dev/parfor/internal/syncdir"
)

// Options of Open. The zero value is useful.
type Options struct {
	Sync Sync

	// Replay gets every record that the file holds, in order, before Open
	// returns: what a resumed loop restores. Its error is that of Open. Pieces
	// of a base without a last one count for nothing.
	Replay func(*Record) error

	wrap func(disk) disk // for tests
}

// Found is what a file held when it was opened.
type Found struct {
	Header     Header // of the file; that of the caller if it is a new one
	Fresh      bool   // the file was begun just now
	OtherBuild bool   // another build of the program began it: see Header.Check
	Items      int    // different keys
	Commits    int    // records of items
	Base       bool   // a whole base
	Ended      bool   // the last record is an End
	Torn       int64  // bytes of a torn tail, which were cut off
	Compacted  int64  // bytes that a compaction saved
}

// Open opens the journal of a loop to add to it, and begins it if there is no
// file, or an empty one. It reads all of it; a torn tail is cut off. Where more
// than half of a file over 1 MiB is dead it is compacted first; if that fails,
// on a full disk for example, the file stays as it is.
//
// Nothing is changed before the header is known to be that of the same loop.
// Errors: *LockedError, *MismatchError, *DamagedError, ErrNotJournal,
// ErrVersion, and those of the file system. Open never blocks for a lock.
func Open(path string, want Header, o Options) (*Writer, error) {
	if err := want.check(); err != nil {
		return nil, err
	}
	if o.Sync == SyncDefault {
		o.Sync = SyncInterval(DefaultInterval)
	}
	f, err := openLocked(path, true)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, how: o.Sync, disk: f}
	w.done[0].L, w.done[1].L = &w.mu, &w.mu
	if err := w.load(f, &want, &o); err != nil {
		w.disk.Close()
		return nil, err
	}
	if w.how > 0 {
		w.sync = w.startSyncer(time.Duration(w.how))
	}
	return w, nil
}

// load reads the file, or begins it, and makes it fit to be added to.
func (w *Writer) load(f *os.File, want *Header, o *Options) error {
	wrap := o.wrap
	if wrap == nil {
		wrap = func(d disk) disk { return d }
	}
	w.disk = wrap(f)
	size, err := sizeOf(w.path, f)
	if err != nil {
		return err
	}
	s, err := newScanner(w.path, w.disk, size)
	if err == errBad {
		return w.begin(want)
	}
	if err != nil {
		return err
	}
	same, err := s.header.Check(w.path, want)
	if err != nil {
		return err
	}
	c, err := survey(s, o.Replay)
	if err != nil {
		return err
	}
	w.found = c.found(s)
	w.found.OtherBuild = !same
	if c.worthwhile() {
		g, smaller, err := compact(w.path, f, s, c)
		if g != f {
			if err != nil {
				return errors.Join(err, closeFile(g))
			}
			w.disk = wrap(g)
			w.found.Compacted = c.end - smaller.end
			c, s, size = smaller, smaller.scanner, smaller.end
		}
	}
	if c.end < size {
		if err := w.disk.Truncate(c.end); err != nil {
			return s.failed(err)
		}
		// A tail that came back after a loss of power would lie behind records
		// that were written in its place.
		if w.how != SyncNever {
			if err := w.disk.Sync(); err != nil {
				return s.failed(err)
			}
		}
	}
	w.index, w.pre, w.order = c.index, s.pre, c.order
	w.start, w.safe = c.end, c.end
	return nil
}

// begin writes the header of a new file. A writer that dies here leaves a file
// that is begun again.
func (w *Writer) begin(h *Header) error {
	if h.Created.IsZero() {
		h.Created = time.Now()
	}
	p := newMark()
	b := p.append(nil)
	b = h.append(p.begin(b, KindHeader))
	p.seal(b[preambleSize:], preambleSize, 0)
	if err := w.disk.Truncate(0); err != nil {
		return fmt.Errorf("parfor: the journal %s: %w", w.path, err)
	}
	n, err := w.disk.WriteAt(b, 0)
	if err == nil && n < len(b) {
		err = fmt.Errorf("%d of %d bytes were written", n, len(b))
	}
	if err == nil && w.how != SyncNever {
		if err = w.disk.Sync(); err == nil {
			err = syncdir.Sync(filepath.Dir(w.path))
		}
	}
	if err != nil {
		return fmt.Errorf("parfor: the journal %s: %w", w.path, err)
	}
	w.pre, w.start, w.safe = p, int64(len(b)), int64(len(b))
	w.found = Found{Header: *h, Fresh: true}
	return nil
}

func closeFile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

func newMark() preamble {
	var mark [4]byte
	rand.Read(mark[:])
	return newPreamble(mark)
}

func sizeOf(path string, f *os.File) (int64, error) {
	at, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !at.Mode().IsRegular() {
		return 0, fmt.Errorf("%w: %s is no regular file", ErrNotJournal, path)
	}
	return at.Size(), nil
}
