package dict

import (
	"hash/maphash"
	"sync/atomic"

	"parfor.dev/parfor/internal/replica"
	"parfor.dev/parfor/internal/writeset"
)

// view is a dictionary at one moment: what it refers to doesn't change any
// more. To take one costs the locks of all shards; writers then copy a shard
// the first time they touch it while the view is open.
type view[K comparable, V any] struct {
	cells []*cells[K, V]
	seed  maphash.Seed // of their hashes
	pins  []*atomic.Int32
	words []*replica.Frozen
	far   map[K]entry[V] // in a worker process instead: what the owner answered
	at    uint64         // the newest commit it holds, or one that came later elsewhere
	own   bool           // its values belong to nobody else
}

// freeze takes a view. All locks are held at once, so it holds every commit up
// to one number and nothing of later ones.
func (t *table[K, V]) freeze() (*view[K, V], error) {
	v := &view[K, V]{seed: t.seed}
	t.lockAll()
	v.at = writeset.Last()
	for i := range t.len() {
		switch {
		case t.count(i) == 0:
		case t.words != nil:
			v.words = append(v.words, t.words.Freeze(i))
		default:
			s := &t.shards[i]
			if s.pins == nil {
				s.pins = new(atomic.Int32)
			}
			s.pins.Add(1)
			v.cells, v.pins = append(v.cells, s.m), append(v.pins, s.pins)
		}
	}
	t.unlockAll()
	return v, nil
}

// close lets writers change the shards in place again.
func (v *view[K, V]) close() {
	for _, p := range v.pins {
		p.Add(-1)
	}
	for _, w := range v.words {
		w.Release()
	}
	v.pins, v.words = nil, nil
}

func (v *view[K, V]) len() int {
	n := len(v.far)
	for _, m := range v.cells {
		n += m.len()
	}
	for _, w := range v.words {
		n += w.Len()
	}
	return n
}

// all calls f with the entries and their marks until it returns false.
func (v *view[K, V]) all(f func(k K, val V, mark uint64) bool) bool {
	for k, e := range v.far {
		if !f(k, e.val, e.at) {
			return false
		}
	}
	for _, m := range v.cells {
		if !m.all(f) {
			return false
		}
	}
	for _, w := range v.words {
		ok := true
		w.Each(func(k, val uint64) bool {
			ok = f(fromWord[K](k), fromWord[V](val), val)
			return ok
		})
		if !ok {
			return false
		}
	}
	return true
}

// find returns what one key is in the view. It is for the few keys that an
// attempt changed: it looks into every shard.
func (v *view[K, V]) find(k K) (f found[V]) {
	if e, ok := v.far[k]; ok {
		return found[V]{e.val, e.at, true}
	}
	for _, m := range v.cells {
		if e, ok := m.get(maphash.Comparable(v.seed, k), k); ok {
			return found[V]{e.val, e.at, true}
		}
	}
	for _, w := range v.words {
		if val, ok := w.Get(toWord(k)); ok {
			return found[V]{fromWord[V](val), val, true}
		}
	}
	return f
}

// each calls f with the entries of the view under the writes in own, nil for
// none, until f returns false. Values are the dictionary's, not copies.
func (v *view[K, V]) each(own *overlay[K, V], f func(K, V) bool) error {
	if own == nil {
		v.all(func(k K, val V, _ uint64) bool { return f(k, val) })
		return nil
	}
	var err error
	over := func(p *pending[K, V], val V, ok bool) bool {
		if val, ok, err = p.over(own.c, val, ok, false); err != nil {
			return false
		}
		return !ok || f(p.key, val)
	}
	seen := make(map[K]bool, len(own.ops)) // keys of own that the view has
	if !own.wiped {
		more := v.all(func(k K, val V, _ uint64) bool {
			p := own.find(k)
			if p == nil {
				return f(k, val)
			}
			seen[k] = true
			return over(p, val, true)
		})
		if !more {
			return err
		}
	}
	var none V
	for i := range own.ops {
		if p := &own.ops[i]; !seen[p.key] && !over(p, none, false) {
			return err
		}
	}
	return nil
}
