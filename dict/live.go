package dict

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Live is a dictionary whose operations take effect at once, in the middle of a
// task, whatever becomes of the task: each is linearizable, and done when it
// returns. They are for tasks that have to see each other while they run: a
// flag, a work list, a cache, a rendezvous. What counts results belongs into a
// [Dict]: a task that is tried again repeats its live operations, and one whose
// worker is killed may or may not have done the last one.
//
// The context decides as for a Dict: a task's own, until its body returns, or,
// in the program that owns the dictionary, any other. In a worker process each
// operation is one round trip to the owner, sent at most once.
//
// A Live is a handle, as a Dict is. Its methods may be called concurrently.
type Live[K comparable, V any] struct {
	c *liveCore[K, V]
}

// liveShards of a Live: its operations are short, and most are round trips.
const liveShards = 64

type liveCore[K comparable, V any] struct {
	*core[K, V] // types, name, handle; its table stays empty
	equal       func(a, b V) bool
	outside     atomic.Bool // code outside tasks may wake those who wait
	declared    bool        // FromOutside
	seed        maphash.Seed

	state *liveState[K, V]
	mu    sync.RWMutex // guards state
}

// liveState is what the owner has.
type liveState[K comparable, V any] struct {
	shards [liveShards]liveShard[K, V]
	ended  chan struct{}
}

type liveShard[K comparable, V any] struct {
	mu   sync.Mutex
	m    map[K]V
	wait map[K]chan struct{} // closed when the key changes
	_    [40]byte
}

// NewLive returns the live dictionary of that name. Names, keys, values and
// panics are as for [New].
func NewLive[K comparable, V any](name string, opts ...WaitOption) *Live[K, V] {
	pkg, site := callerOf(thisPackage + ".NewLive")
	c, err := newLive[K, V](fullName(pkg, name, site))
	if err != nil {
		panic(fmt.Sprintf("dict: %s.%s at %s: %v", pkg, name, site, err))
	}
	c.id, c.site = writeset.Named(c.name), site
	c.outside.Store(waitOptionsOf(opts).outside)
	c.declared = c.outside.Load()
	writeset.Keep(c)
	return &Live[K, V]{c}
}

func newLive[K comparable, V any](name string) (*liveCore[K, V], error) {
	base, err := newCore[K, V](name, nil)
	if err != nil {
		return nil, err
	}
	return &liveCore[K, V]{core: base, equal: equality(base), seed: maphash.MakeSeed(), state: newLiveState[K, V]()}, nil
}

func newLiveState[K comparable, V any]() *liveState[K, V] {
	return &liveState[K, V]{ended: make(chan struct{})}
}

// equality is how CompareAndSwap compares: as == does where that always means
// something, else by encodings.
func equality[K comparable, V any](c *core[K, V]) func(a, b V) bool {
	if reflect.TypeFor[V]().Comparable() && c.copy == nil {
		return func(a, b V) bool { return any(a) == any(b) }
	}
	return c.same
}

// Name returns the full name.
func (l *Live[K, V]) Name() string { return l.c.name }

func (c *liveCore[K, V]) enter(ctx context.Context) (*task.Attempt, error) {
	a, err := outside(ctx)
	if err != nil {
		return nil, c.named(err)
	}
	if a != nil { // it may have ended
		err = c.wrap(a.With(nil, func(task.Tx) error { return nil }))
	}
	return a, err
}

func (c *liveCore[K, V]) now() *liveState[K, V] {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.state
}

// Swap puts an empty state in place until restore is called. Who waits in the
// old one is woken.
func (c *liveCore[K, V]) Swap() (restore func()) {
	set := func(s *liveState[K, V]) *liveState[K, V] {
		c.mu.Lock()
		defer c.mu.Unlock()
		was := c.state
		c.state = s
		return was
	}
	was, outside := set(newLiveState[K, V]()), c.outside.Swap(c.declared)
	return func() {
		close(set(was).ended)
		c.outside.Store(outside)
	}
}

var errLiveSet = errors.New("a live dictionary is no part of a commit")

// Decode refuses: live operations don't travel in write sets.
func (c *liveCore[K, V]) Decode(*writeset.Reader) (writeset.Part, error) { return nil, errLiveSet }

// liveOp is an operation of a Live.
type liveOp byte

const (
	liveGet liveOp = iota + 1
	liveSet
	liveDelete
	liveAdd
	liveSetIfAbsent
	liveCompareAndSwap
	liveCompareAndDelete
	liveSwap
	livePop
	liveLen
	liveClear
	liveAll
	liveWait
)

// values is how many values an operation takes.
func (op liveOp) values() int {
	switch op {
	case liveSet, liveAdd, liveSetIfAbsent, liveCompareAndDelete, liveSwap:
		return 1
	case liveCompareAndSwap:
		return 2
	}
	return 0
}

func (s *liveState[K, V]) shard(c *liveCore[K, V], k K) *liveShard[K, V] {
	return &s.shards[maphash.Comparable(c.seed, k)%liveShards]
}

// do does one operation on a key, at the owner.
func (c *liveCore[K, V]) do(op liveOp, k K, a, b V) (v V, ok bool, err error) {
	if op == liveAdd && c.plus == nil {
		return v, false, errUnfit[V](writeset.Plus)
	}
	s := c.now().shard(c, k)
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok = s.m[k]
	put := func(v V) {
		if s.m == nil {
			s.m = map[K]V{}
		}
		s.m[k] = v
		s.changed(k)
	}
	drop := func() {
		delete(s.m, k)
		s.changed(k)
	}
	switch op {
	case liveSet, liveSwap:
		put(a)
	case liveDelete, livePop:
		if ok {
			drop()
		}
	case liveAdd:
		v = c.plus(v, a)
		put(v)
	case liveSetIfAbsent:
		if ok {
			return v, false, nil // not stored
		}
		put(a)
		return a, true, nil
	case liveCompareAndSwap:
		if ok = ok && c.equal(v, a); ok {
			if mutant.Is("unlocked") { // compared, and swapped a little later
				s.mu.Unlock()
				runtime.Gosched()
				s.mu.Lock()
			}
			put(b)
		}
	case liveCompareAndDelete:
		if ok = ok && c.equal(v, a); ok {
			drop()
		}
	}
	return v, ok, nil
}

// changed wakes those who wait for a key.
func (s *liveShard[K, V]) changed(k K) {
	if ch := s.wait[k]; ch != nil {
		close(ch)
		delete(s.wait, k)
	}
}

// all is the entries at one moment; clear takes them away.
func (c *liveCore[K, V]) all(clear bool) map[K]V {
	st := c.now()
	for i := range st.shards {
		st.shards[i].mu.Lock()
	}
	m := map[K]V{}
	for i := range st.shards {
		s := &st.shards[i]
		for k, v := range s.m {
			m[k] = v
			if clear {
				s.changed(k)
			}
		}
		if clear {
			s.m = nil
		}
	}
	for i := range st.shards {
		st.shards[i].mu.Unlock()
	}
	return m
}
