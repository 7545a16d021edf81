package dict

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"

	_ "parfor.dev/parfor/internal/cborcodec" // for values that no plainer codec fits
)

// Errors of dictionaries; compare with errors.Is.
var (
	// ErrTaskDone means that a task's context was used after its body returned.
	ErrTaskDone = task.ErrDone
	// ErrNoTask means that the call needs the context of a task: it was made in
	// a worker process, or on a dictionary that was made inside a task.
	ErrNoTask = task.ErrNoTask
	// ErrClosed means that Close was called.
	ErrClosed = writeset.ErrClosed
	// ErrKey means a key that is not equal to itself (NaN).
	ErrKey = errors.New("dict: NaN can't be a key: it is not equal to itself")

	errNil = errors.New("dict: a nil handle: make one with dict.New, dict.Make or another New or Make of this package")
)

// Dict is a dictionary that tasks share, whichever executor runs them. It is a
// handle: copies of the pointer, and decoded copies in other processes, mean
// the same dictionary. All methods may be called concurrently.
//
// Values that hold pointers, slices or maps are copied when they go in and
// when they come out, so that nobody changes a value behind the dictionary's
// back; see [Immutable].
type Dict[K comparable, V any] struct {
	c *core[K, V]
}

// core is what all handles of one dictionary in a process share.
type core[K comparable, V any] struct {
	identity
	immutable bool
	byItem    bool // LastByItem

	key            *keyPlan
	maps           bool                      // there are maps in values, whose encodings have no fixed order
	word           bool                      // keys and values fit a word each
	ring           uint64                    // of integers: the bits of their words, which add up modulo that
	maxKey, maxVal uint64                    // the largest words that are a key, a value
	copy           func(V) (V, error)        // nil where assignment is a copy
	plus           func(a, b V) V            // nil if V is no number
	less           func(a, b V) bool         // nil if V is neither a number nor a string
	join           func(a, b V, grow bool) V // nil if V is no slice
	val            func() *codec.Codec[V]
	limits         *limits // nil for none
	claims         claims[K]

	state   atomic.Pointer[table[K, V]]
	asked   [questions]atomic.Int64 // questions of worker processes
	show    bool                    // keys may be shown, see ShowKeys
	spare   sync.Pool               // *overlay
	outside atomic.Bool             // of an Event: code outside tasks sets it
	shares  sharing                 // in a worker process: the memory the owner shares
}

// New returns the dictionary of that name, which exists once in the program:
// call it for a package variable, so that worker processes have it too. The
// full name is the import path of the calling package, a dot and name.
//
// Keys may be numbers (but NaN), bool, string, and arrays and structs of
// these. Values may be anything that has a binary form: no functions,
// channels, interfaces, or structs with unexported fields unless they have
// MarshalBinary and UnmarshalBinary.
//
// New panics, naming the places, when the name is taken, when K or V can't
// work, and after process.Main, when worker processes would not know it; use
// [Make] there. An empty dictionary costs about a kilobyte, the first entry
// 75 more, 35 where keys or values are not numbers: tables have many shards.
func New[K comparable, V any](name string, opts ...Option) *Dict[K, V] {
	return &Dict[K, V]{newNamed(ofDict, name, opts, newCore[K, V])}
}

// fullName is fullNameOf a dictionary.
func fullName(pkg, name, site string) string { return fullNameOf(ofDict, pkg, name, site) }

// Make returns a dictionary without a name, to be passed to bodies inside
// their items, or with parfor.With. K and V are as for [New], but what can't
// work is an error.
//
// It lives as long as somebody holds a handle, or until Close. Once a handle
// has gone to a worker process it also lives until ctx is done: have a ctx
// that ends, or close it. A done ctx takes nothing away from who still holds a
// handle.
//
// With a task's ctx the dictionary is part of that task: the task, and loops
// inside it on the same process, can use it; it ends when the task does, and
// can't go to another process.
func Make[K comparable, V any](ctx context.Context, opts ...Option) (*Dict[K, V], error) {
	c, err := newAnonymous(ctx, ofDict, opts, newCore[K, V])
	if err != nil {
		return nil, err
	}
	return &Dict[K, V]{c}, nil
}

// Option changes how one dictionary works.
type Option func(*options) error

type options struct {
	immutable bool
	byItem    bool
	show      bool
	limits    limits
}

// Immutable promises that nobody changes a value once it was given to the
// dictionary, or came from it. Values are then not copied on their way in and
// out. It changes nothing for values without pointers, slices and maps.
func Immutable() Option { return func(o *options) error { o.immutable = true; return nil } }

func optionsOf(opts []Option) (o options, err error) {
	for _, f := range opts {
		if f == nil {
			return o, errors.New("an option is nil")
		}
		if err := f(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

func newCore[K comparable, V any](name string, opts []Option) (*core[K, V], error) {
	o, err := optionsOf(opts)
	if err != nil {
		return nil, err
	}
	key, err := planKey(reflect.TypeFor[K]())
	if err != nil {
		return nil, err
	}
	cp, err := copierOf[V]()
	if err != nil {
		return nil, err
	}
	if o.immutable {
		cp = nil
	}
	c := &core[K, V]{
		identity: identity{name: name}, immutable: o.immutable, byItem: o.byItem, show: o.show,
		key: key, copy: cp, plus: adder[V](), less: lesser[V](), join: joiner[V](),
		maps: hasMaps(reflect.TypeFor[V](), map[reflect.Type]bool{}),
		word: wordSized(reflect.TypeFor[K]()) && wordSized(reflect.TypeFor[V]()),
		val:  sync.OnceValue(codec.Of[V]),
	}
	if c.word {
		c.ring = ringOf(reflect.TypeFor[V]())
		c.maxKey, c.maxVal = maxWord(reflect.TypeFor[K]()), maxWord(reflect.TypeFor[V]())
	}
	if o.limits != (limits{}) {
		c.limits = &o.limits
	}
	return c, nil
}

// Name returns the full name, or "anonymous dictionary n".
func (d *Dict[K, V]) Name() string {
	if d == nil || d.c == nil {
		return "nil dictionary"
	}
	return d.c.name
}

// Close ends the dictionary and frees its entries. Later calls are
// [ErrClosed], and a task that has written to it fails when it commits. To
// close twice is fine. In a worker process it closes nothing: the owner does.
func (d *Dict[K, V]) Close() {
	if d == nil || d.c == nil {
		return
	}
	d.c.end(d.c, func() {
		if t := d.c.state.Swap(nil); t != nil {
			t.retire()
		}
	})
}

// enter says which attempt a call belongs to, nil for none, or why it can't be
// made.
func (d *Dict[K, V]) enter(ctx context.Context) (*core[K, V], *task.Attempt, error) {
	if d == nil || d.c == nil {
		return nil, nil, errNil
	}
	a, err := d.c.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	return d.c, a, nil
}
