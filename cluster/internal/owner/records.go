package owner

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/task"
)

const (
	// maxChange is above which size a change is stored in pieces: one may have what
	// a dictionary held before the loop.
	maxChange = 64 << 10
	// batchChanges is after how much of them a batch ends.
	batchChanges = 256 << 10
)

// records are what the commits of a loop with a name make of dictionaries, until
// its log has them: whoever goes on with the loop begins with what it says. It is
// [task.Journal] to commits.
type records struct {
	book    task.Book // nil in programs without dictionaries
	shut    sync.Once
	note    task.Note
	changes []wire.Change // of the results that are about to be written
	size    int
	refused []int // those of them that did not end as their result says
}

// Append takes what a commit has made of dictionaries.
func (r *records) Append(_ *task.Note, writes []byte, number func() uint64) error {
	n := number()
	if len(writes) > 0 { // not all to what the loop ignores
		r.changes = append(r.changes, wire.Change{Number: n, Bytes: bytes.Clone(writes)})
		r.size += len(writes)
	}
	return nil
}

// Book returns what dictionaries keep for the loop.
func (r *records) Book() task.Book { return r.book }

// open begins with what the log says, and keeps others from writing to what the
// loop writes.
func (r *records) open(ctx context.Context, l *loop, log []*wire.Commit) error {
	r.note.Journal = r
	if task.OpenBook != nil {
		r.book = task.OpenBook(task.Records{
			Of: "the loop " + l.id.Program[1:] + " on the cluster", Ignores: l.spec.Ignores, Anew: "run the loop under another name",
			Instead: "say JournalIgnores if the program that goes on may find it as it makes it itself",
		})
	}
	for _, c := range log {
		for _, x := range c.Changes {
			if r.book == nil {
				return fmt.Errorf("%w: it has writes to dictionaries, and this program has none", ErrMismatch)
			}
			b := x.Bytes
			if x.Away {
				ref, err := blob.Parse(b)
				if err == nil {
					b, err = blob.Get(ctx, l.owner.Link, l.id.Shared(), ref)
				}
				if err != nil {
					return fmt.Errorf("%w: what it made of dictionaries: %w", ErrLost, err)
				}
			}
			if err := r.book.Replay(x.Number, b); err != nil {
				return err
			}
		}
	}
	if r.book == nil {
		return nil
	}
	return r.book.Restore()
}

// close lets others write again.
func (r *records) close() {
	r.shut.Do(func() {
		if r.book != nil {
			r.book.Close()
		}
	})
}

// move puts what has come into a message of the log.
func (r *records) move(c *wire.Commit) {
	c.Changes, c.Refused = r.changes, r.refused
	r.changes, r.refused, r.size = nil, nil, 0
}

// stow stores what is too large for the message, and leaves references in it.
func (o *Owner) stow(ctx context.Context, l *loop, c *wire.Commit) error {
	for i := range c.Changes {
		x := &c.Changes[i]
		if len(x.Bytes) <= maxChange || x.Away {
			continue
		}
		ref, err := blob.Put(ctx, o.Link, l.id.Shared(), "c"+strconv.FormatUint(x.Number, 10), x.Bytes, nil)
		if err != nil {
			return fmt.Errorf("%w: what it made of dictionaries: %w", ErrLost, err)
		}
		x.Bytes, x.Away = ref.Append(nil), true
	}
	return nil
}

// stowed calls then once nothing is too large for the message.
func (l *loop) stowed(c *wire.Commit, then func()) {
	large := func(x wire.Change) bool { return len(x.Bytes) > maxChange }
	if !slices.ContainsFunc(c.Changes, large) {
		then()
		return
	}
	l.log.busy = true
	l.transfer(func(ctx context.Context) func() {
		err := l.owner.stow(ctx, l, c)
		return func() {
			l.log.busy = false
			if err != nil {
				l.fail(err)
				return
			}
			then()
		}
	})
}
