package writeset

import (
	"parfor.dev/parfor/internal/task"
)

// Part is what one attempt did to one dictionary, and what it saw there. A
// part is used by one goroutine at a time.
//
// Lock, Holds, Admit, Apply and Unlock are the steps of a commit. Lock takes
// every lock the part needs, in ascending order inside its dictionary, and
// keeps it until Unlock. Holds and Admit may refuse; Apply may not.
type Part interface {
	Store() Store
	Scope() *task.Attempt // the attempt its dictionary was made in, or nil

	// Changes reports whether there is anything to apply.
	Changes() bool

	// Observes reports whether the attempt depends on what it saw, Observed
	// appends the keys it depends on.
	Observes() bool
	Observed(dst []task.Key) []task.Key

	Lock()
	Holds(task.Ticket) bool // what was observed would come out the same now
	Admit(task.Ticket) error
	Barred() // its keys are another task's; Holds was true, and Apply won't come
	Apply(n uint64, t task.Ticket)
	Unlock()

	Undecide(slot int, count uint64) // in a worker, see task.Undecide
	MergeInto(parent *Set)
	Undo(*task.Attempt) // the attempt came to nothing: its claims are free
	Append(dst []byte) ([]byte, error)
	AppendObserved(dst []byte) []byte
	Each(f func(op Op, key, value any))
	Release() // gives a decoded part back for reuse
}

// Op is what a commit does to a key.
type Op uint8

// The operations of a write set. Several on one key of one set are combined
// into one where that comes to the same.
const (
	None     Op = iota
	Put         // the value replaces what is there
	Drop        // the key goes
	Plus        // the value is added to what is there, or to zero
	Wipe        // every key goes; comes before the other operations of its part
	Max         // the larger of the value and what is there
	Min         // the smaller one
	Join        // the value, a slice, is appended to what is there
	IfAbsent    // the value, unless the key is there
	Insert      // the value; a key that is there refuses the commit
	Fold        // what a registered function makes of what is there and the value
	Calc        // what a registered function makes of what is there, and what came out
	Claim       // the key, with the zero value, claimed before
	opEnd
)

// Valid reports whether op is one that a key can have.
func (op Op) Valid() bool { return op > None && op < opEnd && op != Wipe }
