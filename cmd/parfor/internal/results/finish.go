package results

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/record"

	"parfor.dev/parfor/internal/lockedfile"
	"parfor.dev/parfor/internal/syncdir"
)

// Summary is what the results are, with those of earlier runs.
type Summary struct {
	Counts        // of all records in the files
	Safe   int    // records of this run that were appended
	Gone   int    // records whose keys are not in the input any more; they stay, at the end
	Kept   string // the journal, if it stays
}

// Finish writes the files, from the journal and in the order of the input, each
// under another name first, synced, and then at once in its place. Then the
// journal is removed. If anything fails the journal stays, and what failed can
// be done again with Resume; the error is a *[WriteError] or a *[DamageError].
//
// A run that was stopped may be finished too: its files can be resumed from.
// It takes 16 bytes of memory a record, beside the index.
func (r *Results) Finish() (Summary, error) {
	err := r.journal.close()
	s := Summary{Safe: r.journal.safe, Kept: r.path}
	if r.file == nil {
		s.Counts = r.streamed
		return s, err
	}
	if err == nil {
		err = r.writeAll(&s)
	}
	if errors.Is(err, ErrClosed) {
		return s, err
	}
	name := r.path
	remove := err == nil
	if name == "" {
		name, remove = r.file.Name(), lockedfile.Pinned
	}
	if e := closeJournal(r.file, name, remove); err == nil {
		err = e
	}
	if err == nil {
		s.Kept = ""
	}
	return s, err
}

// Close ends the run without files: the journal stays, to be resumed from.
func (r *Results) Close() error {
	err := r.journal.close()
	if r.file == nil || errors.Is(err, ErrClosed) {
		return err
	}
	name := r.path
	if name == "" {
		name = r.file.Name()
	}
	if e := closeJournal(r.file, name, r.path == "" && lockedfile.Pinned); err == nil {
		err = e
	}
	return err
}

func (r *Results) writeAll(s *Summary) error {
	spots, err := r.ordered(r.journal.size)
	if err != nil {
		return err
	}
	for _, spot := range spots {
		if spot.order >= gone {
			s.Gone++
		}
	}
	all := entries(r.path, r.file, spots)
	counted := false
	for _, out := range r.outputs {
		if out.Path == "" && out.Format == JSONL {
			continue // it has had them
		}
		from := all
		if !counted {
			counted = true
			from = counting(all, &s.Counts)
		}
		if err := r.write(out, from); err != nil {
			return err
		}
	}
	return nil
}

func counting(all entrySeq, c *Counts) entrySeq {
	return func(yield func(*entry, error) bool) {
		for e, err := range all {
			if err == nil {
				*c.of(e.status) += 1
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (r *Results) write(out Output, all entrySeq) error {
	var err error
	name := out.Path
	if out.Path == "" {
		name = "standard output"
		err = fill(newSink(out.W, out.Format), all)
	} else {
		err = writeFile(out, r.opts, all)
	}
	var damage *DamageError
	if err == nil || errors.As(err, &damage) {
		return err
	}
	return &WriteError{Path: name, Safe: r.journal.safe, Where: r.path, Err: err}
}

// WriteFile writes records to a file, which is replaced at once when all is well.
func WriteFile(out Output, records iter.Seq2[record.Record, error]) error {
	if err := validateFile(out.Path); err != nil {
		return err
	}
	return writeFile(out, Options{}, entriesOf(records))
}

// writeFile writes a file under another name and puts it in its place. A link
// stays one: what it leads to is replaced.
func writeFile(out Output, o Options, all entrySeq) (err error) {
	path := out.Path
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	dir, base := filepath.Split(path)
	removeLeftovers(dir, base)
	tmp := filepath.Join(dir, "."+base+"."+rand.Text()[:8]+".tmp")
	defer func() {
		if err != nil {
			_ = os.Remove(tmp)
		}
	}()
	if out.Format == DB {
		err = writeDB(tmp, o, all)
	} else {
		err = writePlain(tmp, out.Format, all)
	}
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil {
		_ = os.Chmod(tmp, info.Mode().Perm())
	}
	if o.Sync == SyncNever {
		return os.Rename(tmp, path)
	}
	if err := syncFile(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncdir.Sync(filepath.Dir(path))
}

// removeLeftovers removes what a run left that was killed while it wrote.
func removeLeftovers(dir, base string) {
	files, err := fs.ReadDir(os.DirFS(filepath.Join(dir, ".")), ".")
	if err != nil {
		return
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "."+base+".") && strings.HasSuffix(f.Name(), ".tmp") && len(f.Name()) == len(base)+14 {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}

func writePlain(path string, f Format, all entrySeq) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = fill(newSink(file, f), all)
	if e := file.Close(); err == nil {
		err = e
	}
	return err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
