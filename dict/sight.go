package dict

import (
	"slices"

	"parfor.dev/parfor/internal/task"
)

// sight is what an attempt saw of a key's committed state. Mark tells one state
// from another: the value itself where it fits a word, else the number of the
// commit that wrote it.
//
// Only at the end it is known which sights count: those of keys that the
// attempt wrote as well, or all of them in a serializable loop. So a read costs
// no more than an append.
type sight[K comparable] struct {
	key  K
	mark uint64
	ok   bool
}

// sights are what an attempt saw of one dictionary.
type sights[K comparable] struct {
	log   []sight[K]
	limit int // length at which repeated ones are sorted out

	// The dictionary as a whole, in a serializable loop: its size, its entries.
	whole   bool
	wholeAt uint64 // commit number of the look
}

// firstLimit is how many sights are kept before repeated ones are looked for.
const firstLimit = 1024

func (s *sights[K]) add(k K, mark uint64, ok bool) {
	if n := len(s.log); n > 0 && s.log[n-1] == (sight[K]{k, mark, ok}) {
		return
	}
	s.log = append(s.log, sight[K]{k, mark, ok})
	if len(s.log) >= firstLimit && len(s.log) >= s.limit {
		if s.repeats() {
			s.unique()
		}
		s.limit = 2 * len(s.log)
	}
}

// repeats reports whether some of the newest sights are repeated ones. An attempt
// that reads other keys all the time is spared the search for all of them.
func (s *sights[K]) repeats() bool {
	n := len(s.log)
	for i := range 8 {
		if slices.Contains(s.log[:n/2], s.log[n-1-i*n/32]) {
			return true
		}
	}
	return false
}

// unique drops repeated sights. Two different ones of a key both stay: they can't both hold.
func (s *sights[K]) unique() {
	seen := make(map[sight[K]]struct{}, len(s.log))
	s.log = slices.DeleteFunc(s.log, func(x sight[K]) bool {
		_, again := seen[x]
		seen[x] = struct{}{}
		return again
	})
}

// look notes that the attempt saw the whole dictionary as of a commit.
func (s *sights[K]) look(at uint64) {
	if !s.whole || at < s.wholeAt {
		s.whole, s.wholeAt = true, at
	}
}

// serializable reports whether every read of the attempt counts: those of inner
// loops are reads of the task around them.
func serializable(a *task.Attempt) bool {
	for ; a != nil; a = a.Parent {
		if a.Loop != nil && a.Loop.Serializable {
			return true
		}
	}
	return false
}

// observed calls f with the sights that count.
func (o *overlay[K, V]) observed(f func(*sight[K]) bool) {
	if len(o.seen.log) == 0 || !o.strict && len(o.ops) == 0 {
		return
	}
	for i := range o.seen.log {
		x := &o.seen.log[i]
		if (o.strict || o.find(x.key) != nil) && !f(x) {
			return
		}
	}
}

// Observes reports whether the attempt depends on what it saw.
func (o *overlay[K, V]) Observes() (yes bool) {
	if o.strict && o.seen.whole || o.lost {
		return true
	}
	for i := range o.ops {
		if o.ops[i].told() {
			return true
		}
	}
	o.observed(func(*sight[K]) bool { yes = true; return false })
	return yes
}

// Observed appends the keys that the attempt depends on.
func (o *overlay[K, V]) Observed(dst []task.Key) []task.Key {
	t := o.c.table()
	add := func(k K) { dst = append(dst, task.Key{Dict: o.c.id, Hash: t.hash(k)}) }
	o.observed(func(x *sight[K]) bool { add(x.key); return true })
	for i := range o.ops {
		if p := &o.ops[i]; p.told() {
			add(p.key)
		}
	}
	return dst
}
