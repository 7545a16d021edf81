package dict

import (
	"context"
	"errors"
	"fmt"
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

	errNil = errors.New("dict: nil dictionary: make one with dict.New or dict.Make")
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
	id        uint64
	name      string // full name, or "anonymous dictionary n"
	site      string // of New
	immutable bool

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

	scope  *task.Attempt   // it was made inside this attempt and ends with it
	life   context.Context // of Make
	travel sync.Once       // the handle went to another process
	stay   func() bool     // stops waiting for the end of life, after travel
	state  atomic.Pointer[table[K, V]]
	closed atomic.Bool
	asked  [questions]atomic.Int64 // questions of worker processes
	show   bool                    // keys may be shown, see ShowKeys
	spare  sync.Pool               // *overlay
	shares sharing                 // in a worker process: the memory the owner shares
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
// [Make] there. An empty dictionary costs a few hundred bytes, the first entry
// 16 KiB more.
func New[K comparable, V any](name string, opts ...Option) *Dict[K, V] {
	pkg, site := callerOf(thisPackage + ".New")
	full := fullName(pkg, name, site)
	c, err := newCore[K, V](full, opts)
	if err != nil {
		panic(fmt.Sprintf("dict: %s at %s: %v", full, site, err))
	}
	c.id, c.site = writeset.Named(full), site
	writeset.Keep(c)
	return &Dict[K, V]{c}
}

// fullName checks that a dictionary of a name can be made now.
func fullName(pkg, name, site string) string {
	if name == "" {
		panic(fmt.Sprintf("dict: New at %s: the name is empty", site))
	}
	full := pkg + "." + name
	if at := sealedAt(); at != "" {
		panic(fmt.Sprintf("dict: %s is made at %s, after process.Main at %s: worker processes would not know it; make it in a package variable, or use dict.Make", full, site, at))
	}
	return full
}

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
	a, err := outside(ctx)
	if err != nil {
		return nil, err
	}
	id := writeset.Anonymous()
	c, err := newCore[K, V](writeset.AnonymousName(id), opts)
	if err != nil {
		return nil, fmt.Errorf("dict: Make: %w", err)
	}
	c.id, c.scope, c.life = id, a, ctx
	return &Dict[K, V]{c}, nil
}

// Option changes how one dictionary works.
type Option func(*options) error

type options struct {
	immutable bool
	show      bool
	limits    limits
}

// Immutable promises that nobody changes a value once it was given to the
// dictionary, or came from it. Values are then not copied on their way in and
// out. It changes nothing for values without pointers, slices and maps.
func Immutable() Option { return func(o *options) error { o.immutable = true; return nil } }

func newCore[K comparable, V any](name string, opts []Option) (*core[K, V], error) {
	var o options
	for _, f := range opts {
		if f == nil {
			return nil, errors.New("an option is nil")
		}
		if err := f(&o); err != nil {
			return nil, err
		}
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
		name: name, immutable: o.immutable, show: o.show,
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
	if d == nil || d.c == nil || task.InWorker.Load() && d.c.scope == nil {
		return
	}
	d.c.closed.Store(true)
	if t := d.c.state.Swap(nil); t != nil {
		t.retire()
	}
	d.c.travel.Do(func() {}) // or wait for it
	if d.c.stay != nil {
		d.c.stay()
	}
	if d.c.life != nil { // a name stays taken
		writeset.Forget(d.c.id, d.c)
	}
}

// enter says which attempt a call belongs to, nil for none, or why it can't be
// made.
func (d *Dict[K, V]) enter(ctx context.Context) (*core[K, V], *task.Attempt, error) {
	if d == nil || d.c == nil {
		return nil, nil, errNil
	}
	c := d.c
	if c.closed.Load() {
		return nil, nil, c.named(ErrClosed)
	}
	a, err := outside(ctx)
	if err != nil {
		return nil, nil, c.named(err)
	}
	if c.scope != nil && !within(a, c.scope) {
		return nil, nil, c.named(fmt.Errorf("%w; it was made inside a task and belongs to that one", ErrNoTask))
	}
	return c, a, nil
}

func (c *core[K, V]) named(err error) error { return fmt.Errorf("dict: %s: %w", c.name, err) }

// outside returns the attempt of ctx. Without one it makes sure that a call
// outside tasks is possible here and now.
func outside(ctx context.Context) (*task.Attempt, error) {
	if a := task.From(ctx); a != nil {
		return a, nil
	}
	if task.InWorker.Load() {
		return nil, ErrNoTask
	}
	refuseInitialisers()
	return nil, nil
}

func within(a, scope *task.Attempt) bool {
	for ; a != nil; a = a.Parent {
		if a == scope {
			return true
		}
	}
	return false
}
