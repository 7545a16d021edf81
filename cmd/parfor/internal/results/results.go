// Package results keeps what came of a run's items: one record for each key, in
// a journal while the run lasts, in the files that were asked for when it ends.
//
// results.go opens and closes them, plan.go says what still has to run,
// journal.go is the journal, resume.go reads what an earlier run has left,
// write.go and read.go are the formats, db.go the one of SQLite, lock_*.go keeps
// two runs from one file.
//
// # What survives
//
// A record counts as kept once Append has returned: its line was handed to the
// system whole, so a kill -9 of this program loses nothing of it. The disk has
// it a second later, which guards against a loss of power. The files of -o are
// written in one step at the end; until then, and if that fails, the journal
// has everything.
package results

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"parfor.dev/parfor/internal/syncdir"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// Changed says what to do with an item whose key the file has, but as the
// result of something else.
type Changed string

const (
	Fail  Changed = "fail"
	Rerun Changed = "rerun"
	Keep  Changed = "keep"
)

// Duplicate says what to do with a second item of the same key.
type Duplicate string

const (
	Refuse Duplicate = "fail"
	Suffix Duplicate = "suffix" // call it key#2
	Last   Duplicate = "last"   // keep the result of the one that comes last in the input
)

// Options are how results are kept.
type Options struct {
	Template    string // what is run for whatever item; no secrets: it is written down
	Build       string
	Resume      bool
	Force       bool
	Changed     Changed   // "": Fail
	OnDuplicate Duplicate // "": Refuse
	Temporary   bool      // without files: keep results until Finish, for Write
}

// Results are those of one run. Admit is for one goroutine, Append for any.
type Results struct {
	Options
	files []string // those asked for
	log   *journal // nil: nothing is kept

	mu    sync.Mutex
	known map[[16]byte]*entry
	order []place
	had   Before
}

// Before is what an earlier run had left.
type Before struct {
	OK, Failed int
	Torn       bool // the last record was not written whole, and is dropped
}

// entry is what is known of a key. There is one for each: it is kept small.
type entry struct {
	off  int64 // of its record in the journal, -1 for none
	task [16]byte
	seq  int32 // of the item in this run, 0: not seen yet
	dups int32
	ok   bool
}

// place is a record of the files, by the number of its item.
type place struct {
	off int64
	seq int32
}

// Formats are the endings of files that results are kept in.
var Formats = []string{".json", ".jsonl", ".csv", ".db"}

var (
	// ErrFormat is a file whose ending says no format.
	ErrFormat = errors.New("its ending says the format")
	// ErrOther is a file with results of another command.
	ErrOther = errors.New("it has results of another command")
)

// ErrExists is a file that has results already, and was not to be gone on with.
var ErrExists = errors.New("it has results already")

// Open opens the results of a run. Without files nothing is kept, but keys are
// still checked.
func Open(files []string, o Options) (r *Results, err error) {
	r = &Results{Options: o, files: files, known: map[[16]byte]*entry{}}
	for _, f := range files {
		if !slices.Contains(Formats, strings.ToLower(filepath.Ext(f))) {
			return nil, fmt.Errorf("-o %s: %w, one of %s", f, ErrFormat, strings.Join(Formats, " "))
		}
	}
	if len(files) == 0 && !o.Temporary {
		return r, nil
	}
	if len(files) == 0 {
		return r, r.temporary()
	}
	path := JournalOf(files[0])
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	r.log = &journal{f: f, interval: time.Second, synced: time.Now()}
	if err := r.begin(f); err != nil {
		f.Close() //nolint:errcheck // nothing was written that matters
		return nil, err
	}
	return r, nil
}

// temporary makes a journal without a name: it is gone with this program, however
// that ends.
func (r *Results) temporary() error {
	f, err := os.CreateTemp("", "parfor-*.journal")
	if err != nil {
		return err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close() //nolint:errcheck // nothing is in it
		return err
	}
	r.log = &journal{f: f, interval: time.Hour, synced: time.Now()}
	return r.startOver()
}

// JournalOf is the journal beside a file.
func JournalOf(file string) string { return file + ".journal" }

// begin takes over what is there, or starts anew.
func (r *Results) begin(f *os.File) error {
	if err := lock(f); err != nil {
		return fmt.Errorf("%s: another parfor writes to it: %w", f.Name(), err)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	started := info.Size() > 0
	if r.Force || !started && !r.anyFile() {
		return r.startOver()
	}
	if !r.Resume {
		err := r.refuse(started)
		if !started {
			os.Remove(f.Name()) //nolint:errcheck // the empty one that was just made
		}
		return err
	}
	if started {
		if err = r.takeOver(); !errors.Is(err, errNoHead) {
			return err
		}
	}
	return r.takeFile()
}

func (r *Results) anyFile() bool {
	for _, f := range r.files {
		if _, err := os.Lstat(f); err == nil {
			return true
		}
	}
	return false
}

// startOver begins a journal.
func (r *Results) startOver() error {
	if err := r.log.f.Truncate(0); err != nil {
		return err
	}
	r.log.size = 0
	h, err := json.Marshal(head{"results", version, r.Template, r.Build, time.Now().UTC()})
	if err != nil {
		return err
	}
	if _, err := r.log.append(h); err != nil {
		return err
	}
	return syncdir.Sync(filepath.Dir(r.log.f.Name()))
}

// Before is what an earlier run had left.
func (r *Results) Before() Before { return r.had }

// Append keeps a record. When it returns nil the record survives the end of this
// program.
func (r *Results) Append(rec record.Record, task string) error {
	if r.log == nil {
		return nil
	}
	line, err := json.Marshal(Kept{rec, task})
	if err != nil {
		return fmt.Errorf("item %s: %w", rec.Key, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	off, err := r.log.append(line)
	if err != nil {
		return err
	}
	r.log.rows++
	r.note(rec, task, off)
	return nil
}

// note is what has to be known of a record that is in the journal.
func (r *Results) note(rec record.Record, task string, off int64) {
	e := r.entry(rec.Key)
	if r.OnDuplicate == Last && e.off >= 0 && e.seq > int32(rec.Seq) {
		return // the item after it has ended first
	}
	e.off, e.task, e.ok = off, digest(task), rec.Status == record.OK
	r.order = append(r.order, place{off, int32(rec.Seq)})
}

func (r *Results) entry(key string) *entry {
	d := digest(key)
	e := r.known[d]
	if e == nil {
		e = &entry{off: -1}
		r.known[d] = e
	}
	return e
}

func digest(text string) (d [16]byte) {
	sum := sha256.Sum256([]byte(text))
	copy(d[:], sum[:])
	return d
}

// Finish writes the files and removes the journal. With done false the run did
// not come to its end: the journal stays, and is what Resume goes on with.
func (r *Results) Finish(done bool) (err error) {
	if r.log == nil {
		return nil
	}
	if !done || len(r.files) == 0 {
		return r.log.close()
	}
	for _, f := range r.files {
		if err := r.write(f); err != nil {
			return errors.Join(fmt.Errorf("%s: %w; the results are in %s: --resume tries again", f, err, r.log.f.Name()), r.log.close())
		}
	}
	name := r.log.f.Name()
	if err := r.log.close(); err != nil {
		return err
	}
	return os.Remove(name)
}

// Journal is where the results are until Finish, "" if they are nowhere.
func (r *Results) Journal() string {
	if r.log == nil || len(r.files) == 0 {
		return ""
	}
	return r.log.f.Name()
}

// isMissing reports whether a file isn't there.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
