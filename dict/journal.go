package dict

import (
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/typename"
	"parfor.dev/parfor/internal/writeset"
)

// ErrJournaled means that a loop writes to the dictionary that can be resumed
// (parfor.Journal, or a name on a cluster), and that the write is not of one of its
// tasks.
var ErrJournaled = task.ErrJournaled

var errByItem = errors.New("a resumed loop doesn't know any more which item wrote what: make it without LastByItem")

// Form names the types of a dictionary in a journal.
func (c *core[K, V]) Form() (string, error) {
	if c.byItem {
		return "", errByItem
	}
	return "keys " + typename.For[K]() + " and values " + typename.For[V](), nil
}

// AppendState encodes a part that clears the dictionary and stores what it holds
// now.
func (c *core[K, V]) AppendState(dst []byte) ([]byte, error) {
	v, err := c.table().freeze()
	if err != nil {
		return dst, err
	}
	defer v.close()
	dst = c.beginOutcome(dst, true, v.len())
	v.all(func(k K, val V, _ uint64) bool {
		dst, err = c.appendOutcome(dst, k, val, true)
		return err == nil
	})
	return dst, err
}

// AppendOutcome encodes a part that stores what comes out of this one.
func (o *overlay[K, V]) AppendOutcome(dst []byte) ([]byte, error) {
	dst = o.c.beginOutcome(dst, o.wiped, len(o.ops))
	for i := range o.ops {
		p := &o.ops[i]
		var v V
		var ok bool
		var err error
		if p.more != nil {
			v, ok = p.more.val, p.more.ok // of Admit
		} else if v, ok, err = o.outcome(p); err != nil {
			return dst, err
		}
		if dst, err = o.c.appendOutcome(dst, p.key, v, ok); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (c *core[K, V]) beginOutcome(dst []byte, wiped bool, n int) []byte {
	flags := byte(0)
	if wiped {
		flags |= flagWiped
	}
	if c.word {
		flags |= flagWords
	}
	return binary.AppendUvarint(append(dst, flags), uint64(n))
}

// appendOutcome encodes that a key is there with a value, or isn't.
func (c *core[K, V]) appendOutcome(dst []byte, k K, v V, ok bool) ([]byte, error) {
	op := writeset.Put
	if !ok {
		op = writeset.Drop
		var none V
		v = none
	}
	if c.word {
		dst = le.AppendUint64(append(dst, byte(op)), toWord(k))
		return le.AppendUint64(dst, toWord(v)), nil
	}
	dst = c.key.append(append(dst, byte(op)), unsafe.Pointer(&k))
	if !ok {
		return dst, nil
	}
	return c.appendValue(dst, v)
}

// Form names the type of a list in a journal.
func (c *listCore[T]) Form() (string, error) { return "elements " + typename.For[T](), nil }

// AppendState encodes a part that clears the list and appends what it holds now.
func (c *listCore[T]) AppendState(dst []byte) ([]byte, error) {
	st := c.now()
	items := make([]T, 0, st.n)
	for run := range st.runs() {
		items = append(items, run...)
	}
	return c.appendItems(dst, true, items)
}

// AppendOutcome encodes what is appended. Records are replayed in order, each
// once, so a list's need not have all of its elements.
func (p *listPart[T]) AppendOutcome(dst []byte) ([]byte, error) {
	return p.c.appendItems(dst, p.wiped, p.items)
}

func (c *listCore[T]) appendItems(dst []byte, wiped bool, items []T) (_ []byte, err error) {
	flags := byte(0)
	if wiped {
		flags = listWiped
	}
	dst = binary.AppendUvarint(append(dst, flags), uint64(len(items)))
	for _, v := range items {
		if dst, err = appendValue(dst, c.val(), v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

var errLiveJournaled = errors.New("a live dictionary takes effect at once and so has no place in a loop that can be resumed: use a dict.Dict, or say JournalIgnores if a resumed loop may find it as the program makes it")

// unjournaled refuses a live write of a task of a loop that can be resumed and
// doesn't ignore the dictionary.
func (c *liveCore[K, V]) unjournaled(a *task.Attempt, writes bool) error {
	if a == nil || !writes {
		return nil
	}
	for a.Parent != nil {
		a = a.Parent
	}
	if a.Note == nil && (a.Loop == nil || !a.Loop.Recorded) || slices.Contains(a.Loop.Ignores, c.name) {
		return nil
	}
	return c.named(errLiveJournaled)
}
