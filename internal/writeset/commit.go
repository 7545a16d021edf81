package writeset

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// last is the number of the newest commit. It moves only while the committer
// holds every lock it needs, so two commits that touch one shard have numbers
// in the order in which they were applied, and who holds all shards of a
// dictionary sees exactly the commits up to a number.
var last atomic.Uint64

// Last returns the number of the newest commit, which may still be in the
// middle of being applied.
func Last() uint64 { return last.Load() }

// Commit validates all parts, applies all of them under one number, or none,
// and returns the number. It is the only place where dictionaries change.
//
// Locks are taken in one global order (dictionary, then shard) and are held
// until everything is applied: a reader never sees half of a commit and then,
// elsewhere, its absence.
func Commit(parts []Part) (uint64, error) {
	switch len(parts) {
	case 0:
		return 0, nil
	case 1:
	default:
		slices.SortFunc(parts, byStore)
	}
	for _, p := range parts {
		p.Lock()
	}
	for _, p := range parts {
		if err := p.Validate(); err != nil {
			unlock(parts)
			return 0, err
		}
	}
	n := last.Add(1)
	for _, p := range parts {
		p.Apply(n)
	}
	if t := trace.Load(); t != nil {
		for _, p := range parts {
			(*t)(n, p)
		}
	}
	unlock(parts)
	return n, nil
}

func unlock(parts []Part) {
	for _, p := range parts {
		p.Unlock()
	}
}

func byStore(a, b Part) int { return cmp.Compare(a.Store().ID(), b.Store().ID()) }

var trace atomic.Pointer[func(n uint64, p Part)]

// Trace calls f with every part committed from now on, until stop is called.
// f runs inside the commit: commits that share a shard call it in the order of
// their numbers, others concurrently. It is for tests that replay history.
func Trace(f func(n uint64, p Part)) (stop func()) {
	trace.Store(&f)
	return func() { trace.CompareAndSwap(&f, nil) }
}
