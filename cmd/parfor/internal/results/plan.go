package results

import (
	"fmt"
	"io"
	"strings"
)

// Action is what is to be done with an item.
type Action int

const (
	Run  Action = iota
	Skip        // an earlier run did it
)

// Decision is what Plan says of an item.
type Decision struct {
	Action Action
	Key    string // what its record is to be called: the key, or key#2 and so on
}

// Plan decides over the item with number seq of the input, 1 for the first; an
// item is planned once a run, before it runs. task is a hash of all that its
// outcome depends on.
//
//	ok, same task      Skip
//	ok, another task   ErrChanged; Options.Changed: Run or Skip
//	not ok, unknown    Run
//	came before        ErrDuplicate; Options.OnDuplicate: as if called key#2, or Run
//
// A key that was not ok may change its task: somebody mended its row. With
// DuplicateLast a changed task can't be told from a duplicate, and runs. An
// error changes nothing.
func (r *Results) Plan(seq int, key, task string) (Decision, error) {
	key = strings.ToValidUTF8(key, "\uFFFD") // as its record will have it
	r.mu.Lock()
	defer r.mu.Unlock()
	d, err := r.plan(seq, key, task)
	if err == nil {
		r.maxSeq = max(r.maxSeq, seq)
	}
	return d, err
}

func (r *Results) plan(seq int, key, task string) (Decision, error) {
	id := r.identity(key, task)
	was := r.index.get(id)
	if was != 0 && !was.stored() {
		return r.duplicate(seq, key, task, id, was)
	}
	action, err := r.decide(key, task, was)
	if err != nil {
		return Decision{}, err
	}
	r.mark(id, seq, action)
	return Decision{action, key}, nil
}

func (r *Results) mark(id uint64, seq int, action Action) {
	state := planned
	if action == Skip {
		state = skipped
	}
	r.index.set(id, at(state, uint64(seq)))
}

// identity is what makes two items the same.
func (r *Results) identity(key, task string) uint64 {
	if r.opts.OnDuplicate == DuplicateLast {
		return r.index.task([]byte(key), task)
	}
	return r.index.key([]byte(key))
}

// duplicate plans a key that this run has met already.
func (r *Results) duplicate(seq int, key, task string, id uint64, was place) (Decision, error) {
	switch r.opts.OnDuplicate {
	case DuplicateSuffix:
		// The numbers of keys that are themselves duplicates are found by trying.
		n := max(r.suffixes[id], 1) + 1
		r.suffixes[id] = n
		return r.plan(seq, fmt.Sprintf("%s#%d", key, n), task)
	case DuplicateLast: // the very same task again
		action := Run
		if was.state() == skipped {
			action = Skip
		}
		r.mark(id, seq, action)
		return Decision{action, key}, nil
	}
	return Decision{}, refuse(ErrDuplicate, "key %q: items %d and %d both have it: give --key something that tells them apart, "+
		"or --on-duplicate suffix or last", key, was.n(), seq)
}

// decide looks at the record that an earlier run left, if there is one.
func (r *Results) decide(key, task string, was place) (Action, error) {
	if was.state() != storedOK {
		return Run, nil
	}
	h, err := headAt(r.path, r.file, int64(was.n()))
	if err != nil {
		return Run, err
	}
	switch {
	case string(h.key) != key: // two keys with one hash
		return Run, nil
	case unstamped(h.task) == task || r.opts.Changed == ChangedKeep:
		return Skip, nil
	case r.opts.Changed == ChangedRerun:
		return Run, nil
	}
	return Run, refuse(ErrChanged, "key %q: what is to be done is not what was done before: "+
		"--changed rerun does it again, --changed keep keeps what it came to", key)
}

// headAt reads the beginning of the record at offset.
func headAt(path string, f io.ReaderAt, offset int64) (head, error) {
	for size := 512; ; size *= 8 {
		b := make([]byte, size)
		n, err := f.ReadAt(b, offset)
		if h, ok := parseHead(b[:n]); ok {
			return h, nil
		}
		if err == io.EOF {
			return head{}, &DamageError{Path: path, Offset: offset}
		}
		if err != nil {
			return head{}, err
		}
	}
}
