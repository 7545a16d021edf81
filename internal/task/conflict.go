package task

import "errors"

// ErrConflict is what every conflict is; parfor exports it.
var ErrConflict = errors.New("another task changed what this one had read")

// Key names an entry of a dictionary to those who know nothing of its type.
// Two keys may share a hash: then one waits, or is run again, without need.
type Key struct{ Dict, Hash uint64 }

// Conflict is the error of an attempt whose observations did not hold when it
// was to be committed, or when it had failed. Nothing of it was applied.
type Conflict struct {
	Dict string // full name of the first dictionary that differs
	Keys []Key  // all that the attempt observed
}

func (c *Conflict) Error() string {
	return "parfor: conflict on " + c.Dict + ": " + ErrConflict.Error() +
		" before it could commit: run it again with OnConflict(Rerun) or Attempts, or use an operation that can't conflict (Add, Max, Merge)"
}

// Is reports whether target is ErrConflict.
func (c *Conflict) Is(target error) bool { return target == ErrConflict }

// Ticket says who commits.
type Ticket struct {
	Claims uint64 // the attempt that its claims are held by ([Attempt.Claimant])
	Pass   uint64 // of the turn in which it runs alone on its keys, 0 for none
	Loop   *Loop  // whose item it is, nil for none
	Item   int    // its index
	Note   *Note  // of a task of a journaled loop, else nil

	// Late says that the attempt ran for a program that is gone: what it saw can't
	// be compared with anything here, so it conflicts if it saw anything.
	Late bool
}
