// Package journal reads the files that make loops resumable, repairs and
// shortens them. docs/journal.md has the format and what a file promises.
//
//	j, err := journal.Open("post.journal")
//	defer j.Close()
//	for e, err := range j.Entries() {
//		status, err := journal.Result[int](e)
//		…
//	}
//
// Reading needs no lock: a loop may add to the file meanwhile. Compact and
// Repair do, and return [ErrLocked] while a loop has it.
package journal

import (
	"bytes"
	"iter"
	"time"

	_ "parfor.dev/parfor/internal/cborcodec" // results of any type can be decoded
	"parfor.dev/parfor/internal/journalfile"
)

// Header says whose journal a file is.
type Header struct {
	Name    string    // of the loop's body, as it is registered
	Version string    // what the user said the body is a version of
	In, Out string    // types, with import paths
	Codec   string    // of results
	Build   string    // of the program that began the file
	Created time.Time // when it was begun
}

// Journal is a file that is open for reading. Its methods may be called
// concurrently, apart from Close.
type Journal struct{ r *journalfile.Reader }

// Open opens the journal at path and reads its header. The errors are those of
// the file system, [ErrNotJournal], [ErrVersion] and a [*DamagedError] for a
// lost header. It doesn't wait for the loop that writes the file, and doesn't
// keep it from going on.
func Open(path string) (*Journal, error) {
	r, err := journalfile.OpenReader(path)
	if err != nil {
		return nil, err
	}
	return &Journal{r}, nil
}

// Header returns the header.
func (j *Journal) Header() Header { return Header(j.r.Header()) }

// Close closes the file.
func (j *Journal) Close() error { return j.r.Close() }

// Entry is one item that is done.
type Entry struct {
	Key      string // digest of the item, in hexadecimal digits
	Attempts int    // that it took
	Commit   uint64 // number of the commit in which it took effect
	Result   []byte // encoded, see [Result]
	Writes   int    // bytes of what it wrote to dictionaries

	out string // type of results of this journal
}

// Entries yields what is done, in the order of commits, as far as the file goes
// when the loop over it begins. An item that was run again is there twice: the
// last entry of a key counts. A torn tail is not in the file; damage before
// good records is a [*DamagedError], after all entries before it. An error ends
// the loop. Each entry has memory of its own; the file is read as they come.
func (j *Journal) Entries() iter.Seq2[Entry, error] {
	out := j.Header().Out
	return func(yield func(Entry, error) bool) {
		for r, err := range j.r.Records() {
			switch {
			case err != nil:
				yield(Entry{}, err)
				return
			case r.Kind != journalfile.KindDone:
				continue
			}
			e := Entry{
				Key: r.Done.Key.String(), Attempts: int(r.Done.Attempts), Commit: r.Done.Commit,
				Result: bytes.Clone(r.Done.Result), Writes: len(r.Done.Writes), out: out,
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Counts are numbers of a journal.
type Counts struct {
	Items   int   // that are done
	Commits int   // entries, more than items where some were run again
	Ended   bool  // the loop went through all its items, and none came since
	Torn    int64 // bytes of an incomplete last record
}

// Count counts. It reads the whole file, and remembers 40 bytes an item
// meanwhile.
func (j *Journal) Count() (Counts, error) {
	f, err := j.r.Survey()
	if err != nil {
		return Counts{}, err
	}
	return Counts{Items: f.Items, Commits: f.Commits, Ended: f.Ended, Torn: f.Torn}, nil
}
