package task

import "errors"

// ErrJournaled is what a write gets to a dictionary that a loop writes which can
// be resumed, unless it comes from a task of that loop; parfor exports it.
var ErrJournaled = errors.New("parfor: a loop that can be resumed writes to it, and what others write could not be restored: wait until the loop is over")

// Note is what a loop that can be resumed knows of one task, on its way into the
// journal.
type Note struct {
	Journal  Journal  // nil in a worker process
	Key      [16]byte // of the item
	Attempts uint32
	Result   []byte // encoded
	Pos      int64  // where the record ends; 0 before it was added
}

// Journal is that of a loop, as those see it who commit.
type Journal interface {
	// Append adds the record of a task, with what dictionaries hold since its
	// commit. A commit calls it with all its locks held and before anything is
	// applied, so that nobody sees what may not be in the journal; number is then
	// called in the order of the records. After an error the task can't commit.
	Append(n *Note, writes []byte, number func() uint64) error

	// Book is what dictionaries keep for the loop, nil without any.
	Book() Book
}

// Book has the dictionaries that a journaled loop writes. Package dict
// implements it.
type Book interface {
	// Replay takes what a record says of dictionaries; records come in order.
	Replay(commit uint64, writes []byte) error

	// Restore puts what was replayed into the dictionaries, as one step. From then
	// on only the loop may write to them.
	Restore() error

	// Close lets others write again.
	Close()
}

// Records is what a [Book] is for, in the words of its errors.
type Records struct {
	Of      string   // what has them: "the journal a.journal"
	Instead string   // what else to do with what can't be in it
	Anew    string   // how to begin anew
	Ignores []string // names of dictionaries that are not in it
}

// OpenBook is set by package dict in init.
var OpenBook func(Records) Book
