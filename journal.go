package parfor

import (
	"errors"
	"fmt"
	"sync/atomic"

	"parfor.dev/parfor/internal/journalfile"
	"parfor.dev/parfor/internal/task"
)

// ErrJournaled means that a dictionary was written to from outside of the loop
// that writes to it and can be resumed.
var ErrJournaled = task.ErrJournaled

// Errors of a [Journal]'s file; compare with errors.Is. Package journal has the
// details of each.
var (
	ErrJournalLocked   = journalfile.ErrLocked   // another loop has it, here or in another process
	ErrJournalMismatch = journalfile.ErrMismatch // it is of another body, type, codec or Version
	ErrJournalDamaged  = journalfile.ErrDamaged  // more is wrong than a torn tail
)

// journaling is the open journal of a loop. It is task.Journal to commits.
type journaling struct {
	*journalfile.Writer
	path     string
	identity []byte
	book     task.Book    // nil in programs without dictionaries
	fail     func(error)  // ends the loop
	resumed  atomic.Int64 // items answered from the file
	broken   atomic.Pointer[error]
}

// Append adds the record of a task; see [task.Journal].
func (j *journaling) Append(n *task.Note, writes []byte, number func() uint64) error {
	d := journalfile.Done{Key: n.Key, Attempts: n.Attempts, Result: n.Result, Writes: writes}
	pos, err := j.AppendCommit(&d, number)
	if err != nil {
		return j.failed(err)
	}
	n.Pos = int64(pos)
	return nil
}

// Book returns what dictionaries keep for the loop.
func (j *journaling) Book() task.Book { return j.book }

// failed is the error of a task whose record isn't in the file. One that is too
// large is the task's own; any other ends the loop, see settle.
func (j *journaling) failed(err error) error {
	if errors.Is(err, journalfile.ErrTooLarge) {
		return err
	}
	j.broken.CompareAndSwap(nil, &err)
	return errStopped
}

// settle waits until the record of a task is written that ended with err, so
// that it may be reported. An item without a commit gets its record here. Where
// the journal fails it ends the loop, and the item counts as not done.
func (j *journaling) settle(n *task.Note, err error) error {
	if err == nil && n.Pos == 0 {
		err = j.Append(n, nil, nil)
		if err != nil && err != errStopped {
			err = &permanent{err}
		}
	}
	if err == nil {
		if e := j.Wait(journalfile.Pos(n.Pos)); e != nil {
			err = j.failed(e)
		}
	}
	if err == errStopped {
		if e := j.broken.Load(); e != nil {
			j.fail(*e)
		}
	}
	return err
}

// endJournal closes the journal of a loop whose bodies have all returned. Whole
// says that all of its input was seen.
func (l *loop) endJournal(whole bool) {
	j := l.journal
	l.mu.Lock()
	clean := whole && l.failed.count == 0 && len(l.undone) == 0 && l.cause == nil
	l.mu.Unlock()
	if clean {
		_, _ = j.AppendEnd() // an error comes back from Close
	}
	err := j.Close()
	if j.book != nil {
		j.book.Close()
	}
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause == nil {
		l.cause = fmt.Errorf("parfor: the journal %s: %w", j.path, err)
	}
}
