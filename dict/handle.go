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

// errInTask means that what was made inside a task can't follow it into another
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
	return d.appendHandle(dst, handleOf[*Dict[K, V]](ofDict, reflect.TypeFor[K](), reflect.TypeFor[V]()))
}

// MarshalBinary is AppendBinary to a new slice.
func (d *Dict[K, V]) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary makes d a handle of the dictionary that b names. In the
// owning process the dictionary must be alive, and K and V its types.
func (d *Dict[K, V]) UnmarshalBinary(b []byte) error {
	return d.readHandle(b, handleOf[*Dict[K, V]](ofDict, reflect.TypeFor[K](), reflect.TypeFor[V]()))
}

func (d *Dict[K, V]) appendHandle(dst []byte, kind handleKind) ([]byte, error) {
	if d == nil || d.c == nil {
		return dst, errNil
	}
	flags := byte(0)
	if d.c.immutable {
		flags |= handleImmutable
	}
	if d.c.byItem {
		flags |= handleByItem
	}
	return appendHandle(dst, d.c, kind, flags)
}

func (d *Dict[K, V]) readHandle(b []byte, kind handleKind) error {
	c, err := readHandle(b, kind, newCore[K, V])
	if err == nil {
		d.c = c
	}
	return err
}

// handleKind is the type of a handle, and what its elements are.
type handleKind struct {
	kind     kind
	handle   reflect.Type
	elements []reflect.Type
}

func handleOf[H any](k kind, elements ...reflect.Type) handleKind {
	return handleKind{k, reflect.TypeFor[H](), elements}
}

// hash tells types apart, so that a handle can't become one of another kind.
func (k handleKind) hash() uint64 {
	h := fnv.New64a()
	h.Write([]byte(k.handle.String()))
	for _, t := range k.elements {
		fmt.Fprintf(h, "\x00%s.%v", t.PkgPath(), t)
	}
	return h.Sum64()
}

// storeOf is a pointer to C that is the state of a shared object in this
// process.
type storeOf[C any] interface {
	*C
	writeset.Store
	self() *identity
}

func (i *identity) self() *identity { return i }

func appendHandle[C any, S storeOf[C]](dst []byte, c S, kind handleKind, flags byte) ([]byte, error) {
	i := c.self()
	if i.closed.Load() {
		return dst, i.named(ErrClosed)
	}
	if i.scope != nil {
		return dst, i.named(errInTask)
	}
	depart(c)
	dst = append(dst, handleVersion)
	dst = binary.LittleEndian.AppendUint64(dst, i.id)
	dst = binary.LittleEndian.AppendUint64(dst, kind.hash())
	return append(dst, flags), nil
}

// readHandle returns what b names, made with fresh if a worker process meets it
// for the first time.
func readHandle[C any, S storeOf[C]](b []byte, kind handleKind, fresh func(name string, opts []Option) (S, error)) (S, error) {
	r := writeset.Read(b)
	version, id, types, flags := r.Byte(), r.Uint64(), r.Uint64(), r.Byte()
	if len(b) != handleSize || version != handleVersion || flags&^(handleImmutable|handleByItem) != 0 {
		return nil, errors.New("dict: these bytes are no handle")
	}
	if types != kind.hash() {
		return nil, fmt.Errorf("dict: the handle is not of a %v", kind.handle)
	}
	st, err := writeset.Find(id)
	if err != nil && task.InWorker.Load() && writeset.IsAnonymous(id) {
		st, err = arrive(id, kind.kind, flags, fresh)
	}
	if err != nil {
		return nil, err
	}
	c, ok := st.(S)
	if !ok {
		return nil, fmt.Errorf("dict: %s is not a %v", st.Name(), kind.handle)
	}
	return c, nil
}

// depart makes an anonymous object known to those who ask for its id, for as
// long as its context lives: between the moment a task's item is encoded and
// the moment its writes arrive, nobody else here may hold a handle.
func depart[C any, S storeOf[C]](c S) {
	i := c.self()
	if i.life == nil {
		return
	}
	i.travel.Do(func() {
		writeset.Keep(c)
		id, p := i.id, weak.Make((*C)(c))
		i.stay = context.AfterFunc(i.life, func() { writeset.Loosen(id, lookup[C, S](p)) })
		forgetWith(c, id)
	})
}

// arrive makes the worker's side of an anonymous object. All handles of one
// task must share it, as writes are found by it; it goes when they do.
func arrive[C any, S storeOf[C]](id uint64, k kind, flags byte, fresh func(name string, opts []Option) (S, error)) (writeset.Store, error) {
	var opts []Option
	if flags&handleImmutable != 0 {
		opts = append(opts, Immutable())
	}
	if flags&handleByItem != 0 {
		opts = append(opts, LastByItem())
	}
	c, err := fresh(k.anonymous(id), opts)
	if err != nil {
		return nil, err
	}
	c.self().id = id
	st := writeset.Loosen(id, lookup[C, S](weak.Make((*C)(c))))
	if st == writeset.Store(c) {
		forgetWith(c, id)
	}
	return st, nil
}

// forgetWith frees the id once nobody holds the object.
func forgetWith[C any, S storeOf[C]](c S, id uint64) {
	runtime.AddCleanup((*C)(c), func(id uint64) { writeset.Forget(id, nil) }, id)
}

func lookup[C any, S storeOf[C]](p weak.Pointer[C]) func() writeset.Store {
	return func() writeset.Store {
		if c := p.Value(); c != nil {
			return S(c)
		}
		return nil
	}
}

// end closes the object and frees what it holds.
// In a worker process there isn't: the owner does it.
func (i *identity) end(st writeset.Store, free func()) {
	if i.remote() {
		return
	}
	i.closed.Store(true)
	free()
	i.travel.Do(func() {}) // or wait for it
	if i.stay != nil {
		i.stay()
	}
	if i.life != nil { // a name stays taken
		writeset.Forget(i.id, st)
	}
}

// Swap puts an empty state in place until restore is called.
func (c *core[K, V]) Swap() (restore func()) {
	was := c.state.Swap(nil)
	was.hide()
	return func() { c.state.Swap(was).retire() }
}
