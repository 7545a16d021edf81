package journalfile

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"parfor.dev/parfor/internal/lockedfile"
	"parfor.dev/parfor/internal/syncdir"
)

// Compaction is what Compact did.
type Compaction struct {
	Before, After int64 // bytes of the file
	Items         int   // that it holds
}

// Compact rewrites the journal at path without what is dead: results that a
// later one of the same item replaced, and a torn tail. What those items wrote
// stays, as later states are made of it; so a reader finds the last result of
// every item, and all writes in their order, as before.
//
// The file is replaced in one step, whole and synced. It needs the file's lock
// and room for the new file; after an error the old one is as it was.
func Compact(path string) (Compaction, error) { return rewrite(path, false) }

// Repair gives up what comes after the damage of a file: the records before it
// become the journal, and the damaged file stays beside it under the path with
// ".damaged" behind it. Of a file without damage it is [Compact]. Items after
// the damage are not done any more.
func Repair(path string) (Compaction, error) { return rewrite(path, true) }

func rewrite(path string, repair bool) (Compaction, error) {
	f, err := openLocked(path, false)
	if err != nil {
		return Compaction{}, err
	}
	defer func() { closeFile(f) }()
	size, err := sizeOf(path, f)
	if err != nil {
		return Compaction{}, err
	}
	s, err := newScanner(path, f, size)
	if err == errBad {
		return Compaction{}, fmt.Errorf("%w: %s was never begun", ErrNotJournal, path)
	}
	if err != nil {
		return Compaction{}, err
	}
	c, err := survey(s, nil)
	if err != nil && repair && errors.Is(err, ErrDamaged) {
		err = keep(path)
	}
	if err != nil {
		return Compaction{}, err
	}
	g, smaller, err := compact(path, f, s, c)
	f = g
	if err != nil {
		return Compaction{}, err
	}
	return Compaction{Before: size, After: smaller.end, Items: len(smaller.index)}, nil
}

// keep gives a damaged file a second name, which must be free.
func keep(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	return os.Link(path, path+".damaged")
}

// compact replaces the file at path, of which f is open and locked, and c known.
// It returns the file that is at path now, locked: f itself if it could not be
// replaced; another one, or none, with an error if nothing may be added to it.
func compact(path string, f *os.File, s *scanner, c *contents) (*os.File, *contents, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return f, nil, err
	}
	g, err := beside(path)
	if err != nil {
		return f, nil, err
	}
	temp := g.Name()
	undo := func(err error) (*os.File, *contents, error) {
		g.Close()
		os.Remove(temp)
		return f, nil, fmt.Errorf("parfor: the journal %s cannot be compacted: %w", path, err)
	}
	mode := fs.FileMode(0o600)
	if at, err := f.Stat(); err == nil {
		mode = at.Mode().Perm()
	}
	smaller, err := copyLive(g, s, c)
	if err == nil {
		err = g.Chmod(mode)
	}
	if err == nil {
		err = g.Sync()
	}
	if err != nil {
		return undo(err)
	}
	if lockedfile.Pinned {
		f.Close()
	}
	if err := os.Rename(temp, path); err != nil {
		f, _, err = undo(err)
		if lockedfile.Pinned {
			f = nil // somebody else may have it by now
		}
		return f, nil, err
	}
	if !lockedfile.Pinned {
		f.Close()
	}
	return g, smaller, syncdir.Sync(filepath.Dir(path))
}

// beside makes a locked file in the folder of path: its lock is there before
// the name is.
func beside(path string) (*os.File, error) {
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	t.Close()
	g, err := openLocked(t.Name(), false)
	if err != nil {
		os.Remove(t.Name())
	}
	return g, err
}

// copyLive writes what is live to g.
func copyLive(g *os.File, s *scanner, c *contents) (*contents, error) {
	p := newMark()
	out := bufio.NewWriterSize(g, 256<<10)
	at := int64(preambleSize)
	out.Write(p.append(nil))
	var frame []byte
	put := func(kind Kind, body []byte) error {
		frame = append(p.begin(frame[:0], kind), body...)
		p.seal(frame, at, 0) // all of it is synced before it has its name
		at += int64(len(frame))
		_, err := out.Write(frame)
		return err
	}
	if err := put(KindHeader, s.header.append(nil)); err != nil {
		return nil, err
	}
	smaller := &contents{index: make(map[Key]place, len(c.index))}
	var body []byte
	keep := func(kind Kind, r *Record) error {
		from := at
		if err := put(kind, body); err != nil {
			return err
		}
		smaller.add(from, at-from, r)
		return nil
	}
	live := *s
	live.size = c.end
	live.rewind(s.first)
	_, err := live.records(func(offset int64, r *Record) error {
		body = live.body
		switch {
		case r.Kind == KindEnd && offset != c.lastEnd:
			return nil
		case r.Kind == KindDone && offset != c.index[r.Done.Key].at:
			if len(r.Done.Writes) == 0 {
				return nil
			}
			r.Done.Result = nil
			body = r.Done.append(nil)
		}
		return keep(r.Kind, r)
	})
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return nil, err
	}
	smaller.end = at
	smaller.scanner = &scanner{path: s.path, r: g, size: at, header: s.header, pre: p}
	return smaller, nil
}
