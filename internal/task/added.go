package task

import (
	"encoding/binary"
	"errors"
)

// GroupArg is the name under which a group's loop carries, to other processes,
// the name of its items' type.
const GroupArg = "parfor.Group"

// Items are what an attempt adds to a group (parfor.Group). They become tasks
// of the group if the attempt succeeds, and every one around it up to the
// group's own task. Package parfor implements it.
type Items interface {
	To() *Loop // the group's

	// Join takes over items for the same group, which were added later.
	Join(Items)

	// Publish makes tasks of the items. It is called once, after everything else
	// that the group's task did is committed.
	Publish()

	// Append appends the encoding that travels to the owner.
	Append(dst []byte) ([]byte, error)
}

// Add notes what the attempt adds to a group. After the body returned the error
// is ErrDone.
func (a *Attempt) Add(more Items) error {
	alone := a.enter()
	defer a.leave(alone)
	if a.done {
		return ErrDone
	}
	if a.added == nil {
		a.added = more
		return nil
	}
	for it := range a.each {
		if it.To() == more.To() {
			it.Join(more)
			return nil
		}
	}
	a.more = append(a.more, more)
	return nil
}

// each goes over what the attempt adds.
func (a *Attempt) each(yield func(Items) bool) {
	if a.added == nil || !yield(a.added) {
		return
	}
	for _, it := range a.more {
		if !yield(it) {
			return
		}
	}
}

// Grows reports whether the attempt is a group's task or inside of one: what it
// does for others to see needs a context of its own then.
func (a *Attempt) Grows() bool {
	for ; a != nil; a = a.Parent {
		if a.Loop != nil && a.Loop.Group != nil {
			return true
		}
	}
	return false
}

// deliver ends a sealed attempt that succeeded: what it added to its own loop
// becomes tasks, the rest is the enclosing attempt's.
func (a *Attempt) deliver() (err error) {
	for it := range a.each {
		if it.To() == a.Loop {
			it.Publish()
		} else if a.Parent != nil {
			err = errors.Join(err, a.Parent.Add(it))
		}
	}
	return err
}

// AppendAdded appends to the result of a sealed attempt in a worker process what
// it added to its own loop, and how long that is.
func (a *Attempt) AppendAdded(result []byte) (_ []byte, err error) {
	start := len(result)
	for it := range a.each {
		if it.To() == a.Loop {
			if result, err = it.Append(result); err != nil {
				return result, err
			}
		}
	}
	return binary.LittleEndian.AppendUint64(result, uint64(len(result)-start)), nil
}

var errCutOff = errors.New("parfor: the result of a group's task ends early")

// SplitAdded takes apart what AppendAdded made.
func SplitAdded(b []byte) (result, added []byte, err error) {
	at := len(b) - 8
	if at < 0 {
		return nil, nil, errCutOff
	}
	n := binary.LittleEndian.Uint64(b[at:])
	if n > uint64(at) {
		return nil, nil, errCutOff
	}
	return b[:at-int(n)], b[at-int(n) : at], nil
}
