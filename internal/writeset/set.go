// Package writeset is the commit order of dictionaries: what one attempt did
// to them, how that travels, and the one function that makes it true.
//
// It knows nothing of keys and values. Package dict implements [Store], the
// committed state of one dictionary, and [Part], what one attempt did to it.
package writeset

import (
	"parfor.dev/parfor/internal/task"
)

// Part is what one attempt did to one dictionary. A part is used by one
// goroutine at a time.
//
// Lock, Validate, Apply and Unlock are the steps of a commit. Lock takes every
// lock the part needs, in ascending order inside its dictionary, and keeps it
// until Unlock. Validate may refuse; Apply may not.
type Part interface {
	Store() Store
	Scope() *task.Attempt // the attempt its dictionary was made in, or nil

	Lock()
	Validate() error
	Apply(n uint64)
	Unlock()

	MergeInto(parent *Set)
	Append(dst []byte) ([]byte, error)
	Each(f func(op Op, key, value any))
	Release() // gives a decoded part back for reuse
}

// Op is what a commit does to a key.
type Op uint8

// The operations of a write set. Several on one key of one set are combined
// into one before they are committed or sent.
const (
	None Op = iota
	Put     // the value replaces what is there
	Drop
	Plus // the value is added to what is there, or to zero
	Wipe // every key goes; comes before the other operations of its part
)

// Set is the write set of one attempt, or of one call outside tasks.
type Set struct {
	parts   []Part
	one     [1]Part
	err     error // of a write that failed: the attempt can't commit any more
	attempt *task.Attempt
	from    Reader // of a set that is decoded, here to save an allocation
}

// New makes the set of an attempt; it is what [task.Attempt.With] creates.
func New(a *task.Attempt) task.Tx {
	s := &Set{attempt: a}
	s.parts = s.one[:0]
	return s
}

// Of returns the set behind a Tx, nil for none.
func Of(tx task.Tx) *Set {
	s, _ := tx.(*Set)
	return s
}

// Parts returns the parts, one per dictionary.
func (s *Set) Parts() []Part {
	if s == nil {
		return nil
	}
	return s.parts
}

// Add adds the part of a dictionary that has none in the set.
func (s *Set) Add(p Part) { s.parts = append(s.parts, p) }

// Fail makes the set refuse to commit. A body that ignored the error of a
// write must not succeed without that write.
func (s *Set) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Commit applies the set as one step and returns its number, 0 if there is
// nothing to do.
func (s *Set) Commit() (uint64, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.dropScoped()
	return Commit(s.parts)
}

// MergeInto hands the set over to the enclosing attempt.
func (s *Set) MergeInto(parent *task.Attempt) error {
	if s.err != nil {
		return s.err
	}
	return parent.With(New, func(tx task.Tx) error {
		for _, p := range s.parts {
			if p.Scope() != s.attempt || s.attempt == nil {
				p.MergeInto(Of(tx))
			}
		}
		return nil
	})
}

// dropScoped forgets dictionaries that were made inside a task: they end with
// it.
func (s *Set) dropScoped() {
	kept := s.parts[:0]
	for _, p := range s.parts {
		if p.Scope() == nil {
			kept = append(kept, p)
		}
	}
	clear(s.parts[len(kept):])
	s.parts = kept
}
