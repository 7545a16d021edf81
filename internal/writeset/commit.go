package writeset

import (
	"cmp"
	"slices"
	"sync/atomic"

	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/task"
)

// last is the number of the newest commit. It moves only while the committer
// holds every lock it needs, so two commits that touch one shard have numbers
// in the order in which they were applied, and who holds all shards of a
// dictionary sees exactly the commits up to a number.
var last atomic.Uint64

// Last returns the number of the newest commit, which may still be in the
// middle of being applied.
func Last() uint64 { return last.Load() }

// Next numbers a commit. The caller holds every lock the commit needs.
func Next() uint64 { return last.Add(1) }

// Commit validates all parts, applies all of them under one number, or none,
// and returns the number, 0 if nothing was to be applied. Besides [Next] in
// the shortest of commits it is the only place where dictionaries change.
//
// The operations are replayed on what is there now. Where an attempt depends
// on what it saw, and would see something else, that is a *[task.Conflict].
//
// Locks are taken in one global order (dictionary, then shard) and are held
// until everything is applied: a reader never sees half of a commit and then,
// elsewhere, its absence.
//
// The record of a journaled loop is added before anything is applied, with all
// locks held: readers who need no lock can't see what may be lost, and what
// depends on it comes after it in the journal.
func Commit(parts []Part, t task.Ticket) (uint64, error) {
	b := bookOf(t)
	if b != nil {
		if err := b.adopt(parts); err != nil {
			return 0, err
		}
	}
	return commit(parts, t, b, t.Note)
}

// commit is Commit for who has the book b; a commit without a note leaves no
// record.
func commit(parts []Part, t task.Ticket, b *Book, note *task.Note) (uint64, error) {
	observed, changes := lookAt(parts)
	if !observed && !changes {
		return 0, nil
	}
	if len(parts) > 1 {
		slices.SortFunc(parts, byStore)
	}
	if mutant.Is("torn") && len(parts) > 1 && changes { // two commits of what is one
		if _, err := Commit(parts[:1], t); err != nil {
			return 0, err
		}
		return Commit(parts[1:], t)
	}
	lock(parts)
	if changes && Kept() {
		if err := allowed(parts, b); err != nil {
			unlock(parts)
			return 0, err
		}
	}
	if observed && !mutant.Is("unvalidated") {
		if c := conflict(parts, t); c != nil {
			unlock(parts)
			return 0, c
		}
		if !changes {
			unlock(parts)
			return 0, nil
		}
	}
	for _, p := range parts {
		if err := p.Admit(t); err != nil {
			unlock(parts)
			return 0, err
		}
	}
	n, err := number(parts, b, note)
	if err != nil {
		unlock(parts)
		return 0, err
	}
	for _, p := range parts {
		p.Apply(n, t)
	}
	if f := trace.Load(); f != nil {
		for _, p := range parts {
			(*f)(n, p)
		}
	}
	unlock(parts)
	return n, nil
}

// number gives a commit its number, and its record.
func number(parts []Part, b *Book, note *task.Note) (uint64, error) {
	if b == nil || note == nil {
		return last.Add(1), nil
	}
	return b.record(parts, note)
}

// Check returns a *[task.Conflict] if the parts depend on something that has
// changed.
func Check(parts []Part, t task.Ticket) error {
	if observed, _ := lookAt(parts); !observed {
		return nil
	}
	slices.SortFunc(parts, byStore)
	lock(parts)
	defer unlock(parts)
	if c := conflict(parts, t); c != nil {
		return c
	}
	return nil
}

func lookAt(parts []Part) (observed, changes bool) {
	for _, p := range parts {
		observed = observed || p.Observes()
		changes = changes || p.Changes()
	}
	return observed, changes
}

// conflict says what no longer holds, nil if all does. A task whose keys have
// been given to another one, to be alone with, loses to that one.
func conflict(parts []Part, t task.Ticket) *task.Conflict {
	bad := ""
	for _, p := range parts {
		if t.Late && p.Observes() || !p.Holds(t) {
			bad = p.Store().Name()
			break
		}
	}
	if bad == "" && !task.Turns() {
		return nil
	}
	var keys []task.Key
	for _, p := range parts {
		keys = p.Observed(keys)
	}
	if bad == "" {
		if !task.Barred(keys, t.Pass) {
			return nil
		}
		bad = parts[0].Store().Name()
		parts[0].Barred()
	}
	return &task.Conflict{Dict: bad, Keys: keys}
}

func lock(parts []Part) {
	for _, p := range parts {
		p.Lock()
	}
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

// Traced reports whether somebody traces: then every commit goes through
// [Commit].
func Traced() bool { return trace.Load() != nil }
