package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"parfor.dev/parfor/cmd/parfor/internal/record"

	"parfor.dev/parfor/internal/lockedfile"
	"parfor.dev/parfor/internal/syncdir"
)

// Results are the results of a run that goes on. Its methods may be called
// concurrently, Finish and Close once, after all else.
type Results struct {
	opts    Options
	outputs []Output
	path    string   // of the journal; "" if it has no name
	file    *os.File // the journal; nil if nothing is kept
	journal *journal
	before  Counts
	notes   []string
	stamp   string // of the template, in tasks

	mu       sync.Mutex
	index    *index
	maxSeq   int
	streamed Counts         // if nothing is kept
	suffixes map[uint64]int // the last number given to a duplicate of a key
}

// Counts are numbers of records.
type Counts struct {
	OK, Failed, Timeout, Canceled int
}

// All is the number of records.
func (c Counts) All() int { return c.OK + c.Failed + c.Timeout + c.Canceled }

func (c *Counts) of(s record.Status) *int {
	switch s {
	case record.OK:
		return &c.OK
	case record.Timeout:
		return &c.Timeout
	case record.Canceled:
		return &c.Canceled
	}
	return &c.Failed
}

// Open makes ready for a run whose results go to outputs. The journal is beside
// the first of them that is a file, and locked until Finish or Close; without
// files it is one that has no name, or there is none.
//
// If there is a journal or a file already: [ErrExists], unless Options say to
// resume or to start over. Without a journal the first file that exists is
// resumed from. Then there are [ErrLocked], [ErrTemplate], [DamageError], and
// what the system says. After an error all is as it was before.
func Open(outputs []Output, o Options) (*Results, error) {
	if err := o.validate(outputs); err != nil {
		return nil, err
	}
	r := &Results{opts: o, outputs: outputs, index: newIndex(), suffixes: map[uint64]int{}, stamp: stampOf(o.Fingerprint)}
	first := r.firstFile()
	if first == "" {
		return r, r.openTemporary()
	}
	r.path = journalOf(first)
	f, err := lockedfile.Open(r.path, os.O_CREATE|os.O_APPEND, 0o666)
	if errors.Is(err, lockedfile.ErrHeld) {
		err = refuse(ErrLocked, "%s: another process is writing it", r.path)
	}
	if err != nil {
		return nil, err
	}
	r.file = f
	info, err := f.Stat()
	if err == nil {
		err = r.begin()
	}
	if err != nil {
		closeJournal(f, r.path, info != nil && info.Size() == 0)
		return nil, err
	}
	return r, nil
}

func journalOf(path string) string { return path + ".journal" }

func (r *Results) firstFile() string {
	for _, out := range r.outputs {
		if out.Path != "" {
			return out.Path
		}
	}
	return ""
}

// openTemporary keeps records in a file without a name, if they are needed once more.
func (r *Results) openTemporary() error {
	for _, out := range r.outputs {
		if out.Format != JSON || r.file != nil {
			continue
		}
		f, err := os.CreateTemp("", "parfor-*.journal")
		if err != nil {
			return err
		}
		if !lockedfile.Pinned {
			if err := os.Remove(f.Name()); err != nil {
				f.Close()
				return err
			}
		}
		r.file = f
		r.opts.Sync = SyncNever
		h, err := sealed(newHeader(r.opts))
		if err == nil {
			_, err = f.Write(h)
		}
		if err != nil {
			closeJournal(f, f.Name(), lockedfile.Pinned)
			return err
		}
		return r.startJournal()
	}
	return r.startJournal()
}

// begin looks at what is there and makes of it a journal to append to.
func (r *Results) begin() error {
	if r.opts.Force {
		if err := r.restart(newHeader(r.opts)); err != nil {
			return err
		}
		return r.startJournal()
	}
	c, err := load(r.path, r.file, r.opts.OnDuplicate == DuplicateLast)
	if err != nil {
		return err
	}
	there := c.headers > 0 && c.whole
	switch {
	case !r.opts.Resume:
		if err := r.refuseExisting(there, c); err != nil {
			return err
		}
		err = r.restart(newHeader(r.opts))
	case there:
		err = r.goOn(c)
	default:
		err = r.resumeFromFile()
	}
	if err != nil {
		return err
	}
	return r.startJournal()
}

// restart empties the journal and begins it.
func (r *Results) restart(h header) error {
	if err := r.file.Truncate(0); err != nil {
		return err
	}
	if _, err := r.file.Seek(0, 0); err != nil {
		return err
	}
	if err := r.writeLine(h); err != nil {
		_ = r.file.Truncate(0)
		return err
	}
	return nil
}

func (r *Results) writeLine(v any) error {
	line, err := sealed(v)
	if err == nil {
		_, err = r.file.Write(line)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, cause(err))
	}
	return nil
}

// goOn resumes from the journal, whose contents are known.
func (r *Results) goOn(c *contents) error {
	if err := r.checkTemplate(r.path, c.header.Template); err != nil {
		return err
	}
	if c.torn > 0 {
		if err := r.file.Truncate(c.end); err != nil {
			return fmt.Errorf("%s: %w", r.path, err)
		}
		r.note("%s: its last %s were not a whole record and are cut off", r.path, count(int(c.torn), "byte"))
	}
	if r.opts.Build != "" && c.header.Build != "" && c.header.Build != r.opts.Build {
		r.note("%s: begun by another build of parfor, %s", r.path, c.header.Build)
	}
	if _, err := r.file.Seek(0, 2); err != nil {
		return err
	}
	if err := r.writeLine(newHeader(r.opts)); err != nil {
		_ = r.file.Truncate(c.end)
		return err
	}
	r.take(c)
	return nil
}

func (r *Results) take(c *contents) {
	r.index = c.index
	r.before = c.counts
}

func (r *Results) checkTemplate(path, was string) error {
	changed := r.opts.Changed
	if was == r.opts.Fingerprint || changed == ChangedRerun || changed == ChangedKeep {
		return nil
	}
	return otherTemplate(path, was, r.opts.Fingerprint)
}

func (r *Results) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// startJournal starts the writers. What is in the file is made to last before
// anything is added, so that a name without contents is no outcome.
func (r *Results) startJournal() error {
	j := &journal{path: r.path, sync: r.opts.Sync}
	if j.sync == SyncDefault {
		j.sync = 1e9
	}
	for _, out := range r.outputs {
		if out.Path == "" && out.Format == JSONL {
			j.stream = out.W
		}
	}
	var size int64
	if r.file != nil {
		j.disk = r.file
		if r.opts.wrap != nil {
			j.disk = r.opts.wrap(r.file)
		}
		info, err := r.file.Stat()
		if err != nil {
			return err
		}
		size = info.Size()
		if j.sync != SyncNever {
			if err := r.file.Sync(); err != nil {
				return err
			}
			if err := syncdir.Sync(filepath.Dir(r.path)); err != nil {
				return err
			}
		}
	}
	r.journal = j
	j.start(size)
	return nil
}

// Before counts what earlier runs left.
func (r *Results) Before() Counts { return r.before }

// Notes are what Open and Finish found that is no error but should be told.
func (r *Results) Notes() []string { return r.notes }

// closeJournal closes the journal, which ends the lock, and removes it if told so.
func closeJournal(f *os.File, path string, remove bool) error {
	var err error
	if remove && !lockedfile.Pinned {
		err = os.Remove(path)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if remove && lockedfile.Pinned {
		err = os.Remove(path)
	}
	return err
}
