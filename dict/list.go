package dict

import (
	"context"
	"reflect"
	"sync"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// List is a sequence of values that tasks append to. It is a handle, as a [Dict]
// is: it travels inside items and parfor.With. What the context means is as for
// Dict, and so are the values and their copies. All methods may be called
// concurrently.
//
// What a task appends is there when the task commits, at the end of what is
// there then: the elements of one task stay together and in order, the tasks
// follow each other in commit order, and a task that failed has appended
// nothing. Elements don't move and don't change; they go all at once, with
// Clear. What needs more is a Dict by number.
type List[T any] struct {
	c *listCore[T]
}

const ofList kind = "List"

// listCore is what all handles of one list in a process share.
type listCore[T any] struct {
	identity
	immutable bool
	copy      func(T) (T, error) // nil where assignment is a copy
	val       func() *codec.Codec[T]
	limits    *limits   // nil for none
	spare     sync.Pool // *listPart

	mu    sync.RWMutex // a commit holds it for writing
	state listState[T]
}

// listState is what is committed, at the owner.
type listState[T any] struct {
	blocks[T]
	era   uint64 // commit that cleared the list, 0 for none; elements stay as they are for as long
	bytes int64  // of encoded elements, if the list has a limit for that
}

// NewList returns the list of that name, empty at first, which exists once in
// the program: call it for a package variable. Names, panics and values are as
// for [New]; one name can't be a dictionary and a list. Options are
// [Immutable], [MaxEntries] and [MaxBytes]. An empty list costs some hundred
// bytes.
func NewList[T any](name string, opts ...Option) *List[T] {
	return &List[T]{newNamed(ofList, name, opts, newListCore[T])}
}

// MakeList returns a list without a name; its life is as for [Make].
func MakeList[T any](ctx context.Context, opts ...Option) (*List[T], error) {
	c, err := newAnonymous(ctx, ofList, opts, newListCore[T])
	if err != nil {
		return nil, err
	}
	return &List[T]{c}, nil
}

func newListCore[T any](name string, opts []Option) (*listCore[T], error) {
	o, err := optionsOf(opts)
	if err != nil {
		return nil, err
	}
	cp, err := copierOf[T]()
	if err != nil {
		return nil, err
	}
	c := &listCore[T]{identity: identity{name: name}, immutable: o.immutable, val: sync.OnceValue(codec.Of[T])}
	if !o.immutable {
		c.copy = cp
	}
	if o.limits != (limits{}) {
		c.limits = &o.limits
	}
	return c, nil
}

// Append appends values. It is blind: it never conflicts, unless the task also
// reads the list, see [List.Len]. In a task they are there when it succeeds; an
// error fails the task, whatever the body makes of it. The cost is that of an
// append to a slice, from a worker process as well: values travel with the
// result. The list is one place: commits that append to it follow each other.
func (l *List[T]) Append(ctx context.Context, values ...T) error {
	return l.change(ctx, func(p *listPart[T]) error { return p.push(values) })
}

// Clear removes all elements, at one moment; later appends of the same task
// stay. It is blind, as Append is.
func (l *List[T]) Clear(ctx context.Context) error {
	return l.change(ctx, func(p *listPart[T]) error {
		p.wipe()
		return nil
	})
}

func (l *List[T]) change(ctx context.Context, f func(*listPart[T]) error) error {
	c, a, err := l.enter(ctx)
	if err != nil {
		return err
	}
	if a == nil {
		p := c.blank()
		defer p.Release()
		if err := f(p); err != nil {
			return c.named(err)
		}
		_, err := writeset.Commit(p.alone[:], task.Ticket{})
		return err
	}
	tx, alone, err := a.Enter(writeset.New)
	if err != nil {
		return c.named(err)
	}
	defer a.Exit(alone) // a copy of the program's own making may panic
	set := writeset.Of(tx)
	if err := f(c.part(set)); err != nil {
		err = c.named(err)
		set.Fail(err)
		return err
	}
	return nil
}

func (l *List[T]) enter(ctx context.Context) (*listCore[T], *task.Attempt, error) {
	if l == nil || l.c == nil {
		return nil, nil, errNil
	}
	a, err := l.c.enter(ctx)
	return l.c, a, err
}

// Name returns the full name, or "anonymous list n".
func (l *List[T]) Name() string {
	if l == nil || l.c == nil {
		return "nil list"
	}
	return l.c.name
}

// Close ends the list and frees its elements; otherwise as [Dict.Close].
func (l *List[T]) Close() {
	if l == nil || l.c == nil {
		return
	}
	l.c.end(l.c, func() { l.c.exchange(listState[T]{}) })
}

// exchange puts another state in place.
func (c *listCore[T]) exchange(s listState[T]) (was listState[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, c.state = c.state, s
	return was
}

// Swap puts an empty state in place until restore is called.
func (c *listCore[T]) Swap() (restore func()) {
	was := c.exchange(listState[T]{})
	return func() { c.exchange(was) }
}

func (l *List[T]) kind() handleKind { return handleOf[*List[T]](ofList, reflect.TypeFor[T]()) }

// AppendBinary appends the encoding of the handle, not of the elements;
// otherwise as [Dict.AppendBinary].
func (l *List[T]) AppendBinary(dst []byte) ([]byte, error) {
	if l == nil || l.c == nil {
		return dst, errNil
	}
	flags := byte(0)
	if l.c.immutable {
		flags = handleImmutable
	}
	return appendHandle(dst, l.c, l.kind(), flags)
}

// MarshalBinary is AppendBinary to a new slice.
func (l *List[T]) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary makes l a handle of the list that b names.
func (l *List[T]) UnmarshalBinary(b []byte) error {
	c, err := readHandle(b, l.kind(), newListCore[T])
	if err == nil {
		l.c = c
	}
	return err
}
