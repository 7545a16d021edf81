package dict

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"runtime"
	"weak"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// errInTask means that a dictionary can't follow its task into another
// process, where the writes of the task could not be seen.
var errInTask = errors.New("dict: made inside a task: it can't go to another process")

// The encoding of a handle: version, id, a hash of the types, flags.
const (
	handleVersion   = 1
	handleSize      = 1 + 8 + 8 + 1
	handleImmutable = 1
	handleByItem    = 2
)

// AppendBinary appends the encoding of the handle, not of the entries: decoded
// in a worker process of this program it gives a working handle of the same
// dictionary, decoded here the dictionary itself.
func (d *Dict[K, V]) AppendBinary(dst []byte) ([]byte, error) {
	if d == nil || d.c == nil {
		return dst, errNil
	}
	c := d.c
	if c.closed.Load() {
		return dst, c.named(ErrClosed)
	}
	if c.scope != nil {
		return dst, c.named(errInTask)
	}
	c.depart()
	dst = append(dst, handleVersion)
	dst = binary.LittleEndian.AppendUint64(dst, c.id)
	dst = binary.LittleEndian.AppendUint64(dst, typesOf[K, V]())
	flags := byte(0)
	if c.immutable {
		flags |= handleImmutable
	}
	if c.byItem {
		flags |= handleByItem
	}
	return append(dst, flags), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (d *Dict[K, V]) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary makes d a handle of the dictionary that b names. In the
// owning process the dictionary must be alive, and K and V its types.
func (d *Dict[K, V]) UnmarshalBinary(b []byte) error {
	r := writeset.Read(b)
	version, id, types, flags := r.Byte(), r.Uint64(), r.Uint64(), r.Byte()
	if len(b) != handleSize || version != handleVersion || flags&^(handleImmutable|handleByItem) != 0 {
		return errors.New("dict: these bytes are no dictionary handle")
	}
	if types != typesOf[K, V]() {
		return fmt.Errorf("dict: the handle is not of a %v", reflect.TypeFor[*Dict[K, V]]())
	}
	st, err := writeset.Find(id)
	if err != nil && task.InWorker.Load() && writeset.IsAnonymous(id) {
		st, err = arrive[K, V](id, flags)
	}
	if err != nil {
		return err
	}
	c, ok := st.(*core[K, V])
	if !ok {
		return fmt.Errorf("dict: %s is not a %v", st.Name(), reflect.TypeFor[*Dict[K, V]]())
	}
	d.c = c
	return nil
}

// depart makes an anonymous dictionary known to those who ask for its id, for
// as long as its context lives: between the moment a task's item is encoded
// and the moment its writes arrive, nobody else here may hold a handle.
func (c *core[K, V]) depart() {
	if c.life == nil {
		return
	}
	c.travel.Do(func() {
		writeset.Keep(c)
		id, p := c.id, weak.Make(c)
		c.stay = context.AfterFunc(c.life, func() { writeset.Loosen(id, lookup(p)) })
		runtime.AddCleanup(c, func(id uint64) { writeset.Forget(id, nil) }, id)
	})
}

// arrive makes the worker's side of an anonymous dictionary. All handles of
// one task must share it, as writes are found by it; it goes when they do.
func arrive[K comparable, V any](id uint64, flags byte) (writeset.Store, error) {
	var opts []Option
	if flags&handleImmutable != 0 {
		opts = append(opts, Immutable())
	}
	if flags&handleByItem != 0 {
		opts = append(opts, LastByItem())
	}
	c, err := newCore[K, V](writeset.AnonymousName(id), opts)
	if err != nil {
		return nil, err
	}
	c.id = id
	st := writeset.Loosen(id, lookup(weak.Make(c)))
	if st == writeset.Store(c) {
		runtime.AddCleanup(c, func(id uint64) { writeset.Forget(id, nil) }, id)
	}
	return st, nil
}

func lookup[K comparable, V any](p weak.Pointer[core[K, V]]) func() writeset.Store {
	return func() writeset.Store {
		if c := p.Value(); c != nil {
			return c
		}
		return nil
	}
}

// typesOf hashes the types of a dictionary, so that a handle can't become one
// of another kind.
func typesOf[K comparable, V any]() uint64 {
	h := fnv.New64a()
	k, v := reflect.TypeFor[K](), reflect.TypeFor[V]()
	fmt.Fprintf(h, "%s.%v\x00%s.%v", k.PkgPath(), k, v.PkgPath(), v)
	return h.Sum64()
}

// ID, Name, Site and Swap are the rest of writeset.Store.
func (c *core[K, V]) ID() uint64 { return c.id }

// Name is the full name.
func (c *core[K, V]) Name() string { return c.name }

// Site is where New was called.
func (c *core[K, V]) Site() string { return c.site }

// Swap puts an empty state in place until restore is called.
func (c *core[K, V]) Swap() (restore func()) {
	was := c.state.Swap(nil)
	was.hide()
	return func() { c.state.Swap(was).retire() }
}
