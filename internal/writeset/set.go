// Package writeset is the commit order of dictionaries: what one attempt did
// to them, how that travels, and the one function that makes it true.
//
// It knows nothing of keys and values. Package dict implements [Store], the
// committed state of one dictionary, and [Part], what one attempt did to it.
package writeset

import (
	"sync"

	"parfor.dev/parfor/internal/task"
)

// Set is the write set of one attempt, or of one call outside tasks.
type Set struct {
	parts   []Part
	err     error // of a write that failed: the attempt can't commit any more
	attempt *task.Attempt
	from    Reader // of a set that is decoded, here to save an allocation
}

// New makes the set of an attempt; it is what [task.Attempt.With] creates.
func New(a *task.Attempt) task.Tx {
	s := sets.Get().(*Set)
	s.attempt = a
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

// Attempt is whose set it is.
func (s *Set) Attempt() *task.Attempt { return s.attempt }

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
func (s *Set) Commit(t task.Ticket) (uint64, error) {
	if s.err != nil {
		if c := s.Check(t); c != nil {
			return 0, c
		}
		return 0, s.err
	}
	s.dropScoped()
	return Commit(s.parts, t)
}

// Check says whether what a failed attempt observed still holds. In a worker
// process only the owner can tell.
func (s *Set) Check(t task.Ticket) error {
	if task.InWorker.Load() {
		return nil
	}
	s.dropScoped()
	return Check(s.parts, t)
}

// Drop frees what an attempt that came to nothing had claimed.
func (s *Set) Drop() {
	for _, p := range s.parts {
		p.Undo(s.attempt)
	}
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

// Observed reports whether the attempt depends on what it saw.
func (s *Set) Observed() bool {
	for _, p := range s.parts {
		if p.Scope() == nil && p.Observes() {
			return true
		}
	}
	return false
}

// Undecide notes what the set writes, in a worker process.
func (s *Set) Undecide(slot int, count uint64) {
	for _, p := range s.parts {
		p.Undecide(slot, count)
	}
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

// Release gives parts and set back for the next one.
func (s *Set) Release() {
	for _, p := range s.parts {
		p.Release()
	}
	clear(s.parts)
	s.parts, s.from, s.err, s.attempt = s.parts[:0], Reader{}, nil, nil
	sets.Put(s)
}

var sets = sync.Pool{New: func() any { return new(Set) }}
