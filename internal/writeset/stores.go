package writeset

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Store is the committed state of one dictionary, its types erased. Its
// methods may be called concurrently.
type Store interface {
	ID() uint64
	Name() string
	Site() string // file:line of its New, empty for an anonymous one

	// Decode reads a part that came from another process.
	Decode(r *Reader) (Part, error)

	// Serve answers a question of another process, appending to dst.
	Serve(r *Reader, dst []byte) ([]byte, error)

	// Swap puts an empty state in place until restore is called.
	Swap() (restore func())
}

// ErrClosed means that Close was called.
var ErrClosed = errors.New("the dictionary is closed")

// anonymous marks ids of dictionaries without a name; the low half of them counts.
const anonymous = 1 << 63

var anonymousIDs atomic.Uint32

// program is in the upper half of ids without a name: a worker of an agent meets
// those of several programs.
var program = uint64(rand.Uint32()) << 32 &^ anonymous

// Anonymous returns an id that no other dictionary of this process has, nor, but
// for one chance in two billion, one of another process.
func Anonymous() uint64 { return anonymous | program | uint64(anonymousIDs.Add(1)) }

// IsAnonymous reports whether an id came from Anonymous, here or elsewhere.
func IsAnonymous(id uint64) bool { return id&anonymous != 0 }

// AnonymousName is what people see of such an id.
func AnonymousName(id uint64) string { return AnonymousNameOf("dictionary", id) }

// AnonymousNameOf is AnonymousName of what is no dictionary.
func AnonymousNameOf(kind string, id uint64) string {
	return fmt.Sprintf("anonymous %s %d", kind, uint32(id))
}

// Named returns the id of a name. Every process computes it alike, with no
// numbering that the order of initialisers could disturb.
func Named(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64() &^ anonymous
}

// place holds a store strongly, or, after Loosen, only as long as somebody
// else does.
type place struct {
	strong Store
	weak   func() Store
}

func (p place) store() Store {
	if p.strong != nil {
		return p.strong
	}
	if p.weak != nil {
		return p.weak()
	}
	return nil
}

var (
	mu     sync.RWMutex
	stores = map[uint64]place{}
)

// Keep makes a store known by its id, for good. It panics if the id is taken:
// names are unique.
func Keep(s Store) {
	mu.Lock()
	defer mu.Unlock()
	if o := stores[s.ID()].store(); o != nil && o != s {
		if o.Name() != s.Name() {
			panic(fmt.Sprintf("dict: the names %q (%s) and %q (%s) have one hash: rename one of them", o.Name(), o.Site(), s.Name(), s.Site()))
		}
		panic(fmt.Sprintf("dict: the dictionary %q is made twice, at %s and at %s: give one of them another name", s.Name(), o.Site(), s.Site()))
	}
	stores[s.ID()] = place{strong: s}
}

// Loosen lets a store go once nobody else holds it, or makes one known that
// way. weak returns nil after that. If the id is known and alive, the store it
// has is returned and nothing changes, except that it is loosened too.
func Loosen(id uint64, weak func() Store) Store {
	mu.Lock()
	defer mu.Unlock()
	if p := stores[id]; p.weak != nil {
		if s := p.store(); s != nil {
			return s
		}
	}
	stores[id] = place{weak: weak}
	return weak()
}

// Forget removes the id of a store that is closed or was collected; a newer
// store that took the id meanwhile stays.
func Forget(id uint64, s Store) {
	mu.Lock()
	defer mu.Unlock()
	if have := stores[id].store(); have == nil || have == s {
		delete(stores, id)
	}
}

// Find returns the store of an id. Not to know it is an error.
func Find(id uint64) (Store, error) {
	mu.RLock()
	p := stores[id]
	mu.RUnlock()
	if s := p.store(); s != nil {
		return s, nil
	}
	if id&anonymous != 0 {
		return nil, fmt.Errorf("dict: %s: %w, or not of this program", AnonymousName(id), ErrClosed)
	}
	return nil, fmt.Errorf("dict: unknown dictionary %#x: both processes must be the same program, with dict.New at package level", id)
}

// Fresh gives every named dictionary an empty state until restore is called.
func Fresh() (restore func()) {
	mu.RLock()
	defer mu.RUnlock()
	var back []func()
	for id, p := range stores {
		if id&anonymous == 0 && p.strong != nil {
			back = append(back, p.strong.Swap())
		}
	}
	return func() {
		for _, f := range back {
			f()
		}
	}
}
