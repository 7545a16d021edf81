// Package registry knows the functions that may run in another process.
//
// A function is registered, never sent. Its identity is the word a func
// variable holds (a pointer to the closure), not its code pointer: closures
// made from one literal, and method values, share code and differ in what
// they captured.
package registry

import (
	"context"
	"fmt"
	"hash/fnv"
	"sort"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Body is a registered function, its types erased.
type Body struct {
	Name string
	Site string // file:line of the registration
	In   string // type names, for errors and fingerprints
	Out  string

	// Run decodes in, calls the function and appends the encoded result to dst;
	// it goes on with tail, the result's own memory, where that is large.
	// The error is the function's own, or that of decoding or encoding.
	Run func(ctx context.Context, in, dst []byte) (out, tail []byte, err error)
}

var (
	mu     sync.RWMutex
	byPtr  = map[unsafe.Pointer]*Body{}
	byName = map[string]*Body{}
	sealed atomic.Pointer[string] // site that ended registration
)

// Word returns the identity of a function value. F must be a func type.
func Word[F any](fn *F) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(fn)) }

// Add registers b under the identity word. It panics on a duplicate name or
// function, and after Seal, naming both places.
func Add(word unsafe.Pointer, b *Body) {
	if at := sealed.Load(); at != nil {
		panic(fmt.Sprintf("parfor: %s is registered at %s, after process.Main at %s: register in a package variable or an init function, so that worker processes know it too", b.Name, b.Site, *at))
	}
	mu.Lock()
	defer mu.Unlock()
	if o := byName[b.Name]; o != nil {
		panic(fmt.Sprintf("parfor: the name %q is registered twice, at %s and at %s: give one of them another name with RegisterAs", b.Name, o.Site, b.Site))
	}
	if o := byPtr[word]; o != nil {
		panic(fmt.Sprintf("parfor: one function is registered twice, as %q at %s and as %q at %s: remove one", o.Name, o.Site, b.Name, b.Site))
	}
	byPtr[word], byName[b.Name] = b, b
}

// Seal ends registration; site says where, for the panic of a late one.
func Seal(site string) { sealed.CompareAndSwap(nil, &site) }

// Sealed returns the site that ended registration, empty before.
func Sealed() string {
	if at := sealed.Load(); at != nil {
		return *at
	}
	return ""
}

// Find returns the body registered for an identity word, or nil.
func Find(word unsafe.Pointer) *Body {
	mu.RLock()
	defer mu.RUnlock()
	return byPtr[word]
}

// Named returns the body of that name, or nil.
func Named(name string) *Body {
	mu.RLock()
	defer mu.RUnlock()
	return byName[name]
}

// All returns every body, sorted by name: both ends of a pool number bodies by
// their place in it.
func All() []*Body {
	mu.RLock()
	defer mu.RUnlock()
	bs := make([]*Body, 0, len(byName))
	for _, b := range byName {
		bs = append(bs, b)
	}
	sort.Slice(bs, func(i, j int) bool { return bs[i].Name < bs[j].Name })
	return bs
}

// Fingerprint hashes names and types, so that two ends can tell whether they
// know the same functions.
func Fingerprint() uint64 {
	h := fnv.New64a()
	for _, b := range All() {
		fmt.Fprintf(h, "%s\x00%s\x00%s\x00", b.Name, b.In, b.Out)
	}
	return h.Sum64()
}
