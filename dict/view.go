package dict

import (
	"sync/atomic"

	"parfor.dev/parfor/internal/writeset"
)

// view is a dictionary at one moment: its maps don't change any more. To take
// one costs 256 locks; writers then copy a shard the first time they touch it
// while the view is open.
type view[K comparable, V any] struct {
	maps []map[K]entry[V]
	pins []*atomic.Int32
	at   uint64 // the newest commit it holds, or one that came later elsewhere
	own  bool   // its values belong to nobody else
}

// freeze takes a view. All locks are held at once, so it holds every commit up
// to one number and nothing of later ones.
func (t *table[K, V]) freeze() (*view[K, V], error) {
	v := &view[K, V]{}
	for i := range t.shards {
		t.shards[i].mu.Lock()
	}
	v.at = writeset.Last()
	for i := range t.shards {
		s := &t.shards[i]
		if len(s.m) == 0 {
			continue
		}
		if s.pins == nil {
			s.pins = new(atomic.Int32)
		}
		s.pins.Add(1)
		v.maps, v.pins = append(v.maps, s.m), append(v.pins, s.pins)
	}
	for i := range t.shards {
		t.shards[i].mu.Unlock()
	}
	return v, nil
}

// close lets writers change the maps in place again.
func (v *view[K, V]) close() {
	for _, p := range v.pins {
		p.Add(-1)
	}
	v.pins = nil
}

func (v *view[K, V]) len() (n int) {
	for _, m := range v.maps {
		n += len(m)
	}
	return n
}

// each calls f with the entries of the view under the writes in own, nil for
// none, until f returns false. Values are the dictionary's, not copies.
func (v *view[K, V]) each(own *overlay[K, V], f func(K, V) bool) {
	var seen map[K]bool // keys of own that the view has
	if own != nil {
		seen = make(map[K]bool, len(own.ops))
	}
	if own == nil || !own.wiped {
		for _, m := range v.maps {
			for k, e := range m {
				val := e.val
				if own != nil {
					if p := own.find(k); p != nil {
						seen[k] = true
						if p.op == writeset.Drop {
							continue
						}
						val = p.over(own.c, val)
					}
				}
				if !f(k, val) {
					return
				}
			}
		}
	}
	if own == nil {
		return
	}
	for i := range own.ops {
		p := &own.ops[i]
		if p.op != writeset.Drop && !seen[p.key] && !f(p.key, p.val) {
			return
		}
	}
}
