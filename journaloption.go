package parfor

import (
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor/internal/journalfile"
)

// Journal makes a loop resumable: each item that is done is added to the file at
// path, with its result and what it wrote to dictionaries, before it is
// reported. The same call with the same file goes on where the program ended,
// however it ended: items that the file has are not run, and their results come
// back as if they had been. A file that isn't there is begun.
//
//	statuses, err := parfor.Map(ctx, requests, post, parfor.Journal("post.journal"))
//
// Items are told apart by what they are, not by their place: by their encoding,
// equal ones by their order; [ItemKey] changes that. So the input may be another
// one the next time. Failures are not in the file: those items run again, as do
// those that were running when the program ended. [Key] of an item stays the
// same.
//
// Of dictionaries each record has the values after the task's commit. When the
// loop is resumed those that its tasks wrote get back what they held when a task
// first wrote to them, and the commits since; what is in them then is replaced.
// While the loop runs nobody else may write to them ([ErrJournaled]). What has no
// place in a journal (a dict.Live, a dict.Queue, a dictionary without a name) is
// an error in such a loop, unless [JournalIgnores] names it.
//
// The file belongs to one body (the name that it is registered under, or that of
// a top-level function, else the one given with [Name]), to its types and their
// form, and to [Version]. All else is refused, and so is a file that another loop
// has open. Whether the body still computes the same nobody can tell: another
// build of the program is a warning to observers, and in [Resumption]. When a
// change matters, change Version.
//
// An error of the disk ends the loop: the LoopError's Cause has the path, and
// nothing is reported done that isn't written. See [JournalSync] for what a loss
// of power costs. Journal is for all loops but [For], not for [Submit], and not
// inside a task. It costs about two microseconds an item and 100 bytes of memory
// for each, and as much to read it again.
func Journal(path string) Option {
	return func(c *config) error {
		c.journaled.path = path
		if path == "" {
			return errors.New(`Journal(""): give the path of a file`)
		}
		return nil
	}
}

// NeverSync is for [JournalSync]: the system writes to the disk when it likes.
const NeverSync time.Duration = -1

// JournalSync says how long after it was reported an item may be lost when the
// machine loses power; default: a second. 0 reports nothing before it is on the
// disk, at the price of one fsync for all items that wait for it; [NeverSync]
// leaves it to the system. When only the program ends, killed or not, nothing is
// lost in either case.
func JournalSync(every time.Duration) Option {
	return func(c *config) error {
		c.journaled.given = append(c.journaled.given, "JournalSync")
		switch {
		case every == 0:
			c.journaled.sync = journalfile.SyncAlways
		case every == NeverSync:
			c.journaled.sync = journalfile.SyncNever
		case every < 0:
			return fmt.Errorf("JournalSync(%v): must not be negative, unless it is NeverSync", every)
		default:
			c.journaled.sync = journalfile.SyncInterval(every)
		}
		return nil
	}
}

// Version says which version of the body the results of a [Journal] are of. A
// journal of another version is refused.
func Version(v string) Option {
	return func(c *config) error {
		c.journaled.given = append(c.journaled.given, "Version")
		c.journaled.version = v
		return nil
	}
}

// ItemKey says what tells an item from others in a [Journal]: its number in a
// database, say, so that an item whose other fields have changed is still the
// same. Items with one key are told apart by their order. Default: all of the
// item, encoded.
func ItemKey[In any](f func(In) string) Option {
	return func(c *config) error {
		c.journaled.given = append(c.journaled.given, "ItemKey")
		c.journaled.itemKey = f
		if f == nil {
			return errors.New("ItemKey(nil): give a function")
		}
		return nil
	}
}

// JournalIgnores has tasks of a loop with a [Journal], or with a name on a
// cluster, use what can't be recorded: a dict.Live, a dict.Queue, a dictionary
// without a name. It is neither recorded nor restored: a resumed loop finds it as
// the program made it.
func JournalIgnores(d ...interface{ Name() string }) Option {
	return func(c *config) error {
		c.journaled.ignoring = true
		for _, d := range d {
			if d == nil {
				return errors.New("JournalIgnores(nil): give a dictionary")
			}
			c.journaled.ignores = append(c.journaled.ignores, d.Name())
		}
		return nil
	}
}

// Resumption is what a loop found in its [Journal].
type Resumption struct {
	Fresh      bool     // the file was begun
	Resumed    int      // items that were not run: the file had them
	Gone       []string // keys of items that the file has and the input has not; journal.Entry.Key of their results
	OtherBuild string   // the build of the program that began the file, if it is another one
	Torn       int64    // bytes of an incomplete last record, which were cut off
}

// JournalReport fills r when a loop with a [Journal] ends. Gone is known only if
// the input was read to its end.
func JournalReport(r *Resumption) Option {
	return func(c *config) error {
		c.journaled.given = append(c.journaled.given, "JournalReport")
		c.journaled.report = r
		if r == nil {
			return errors.New("JournalReport(nil): give a Resumption to fill")
		}
		return nil
	}
}

// journalOptions are what a journaled loop was given.
type journalOptions struct {
	path    string
	sync    journalfile.Sync
	version string
	itemKey any // func(In) string, checked against In by the loop
	ignores []string
	report  *Resumption
	given   []string // options that need Journal

	ignoring bool // JournalIgnores was given, which needs Journal or an executor that records
}

// on reports whether the loop has a journal.
func (o *journalOptions) on() bool { return o.path != "" }

// check refuses what means nothing without a journal.
func (o *journalOptions) check() error {
	if len(o.given) == 0 || o.on() {
		return nil
	}
	return fmt.Errorf("%s needs Journal: it says which file", o.given[0])
}
