package dict

import (
	"slices"
	"sync"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// LastByItem makes "the last one wins" mean the item with the highest index,
// among the tasks of one loop: when two of them set or delete a key, or clear
// the dictionary, what is left is what the later item did, whichever commits
// first. Default: the last one in commit order wins. It changes Set, SetMany,
// Update that replaces, Delete and Clear, where the task didn't read the key;
// all other operations, calls outside tasks, submissions, and loops beside each
// other keep the commit order.
//
// It costs a lock for each commit of a loop, and as long as the loop runs 30
// bytes for each key that it writes; nothing without the option.
func LastByItem() Option { return func(o *options) error { o.byItem = true; return nil } }

// latest says which item of one loop wrote each key last, by index. It lives
// with the loop.
type latest[K comparable] struct {
	mu      sync.Mutex
	of      map[K]int
	cleared int // the highest item that cleared, -1 for none
}

// latest returns what is known of a loop, nil where the commit order decides.
func (c *core[K, V]) latest(l *task.Loop) *latest[K] {
	if !c.byItem || l == nil || !l.Ordered {
		return nil
	}
	return l.Beside(c, func() any { return &latest[K]{of: map[K]int{}, cleared: -1} }).(*latest[K])
}

// outdo drops from the part of an item what a later item has outdone. Shards
// are locked. Before a Clear of the part are the writes of earlier items; those
// of later items stay, which it gets from below.
func (o *overlay[K, V]) outdo(w *latest[K], item int, below func(K) (pending[K, V], bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o.ops = slices.DeleteFunc(o.ops, func(p pending[K, V]) bool {
		by, ok := w.of[p.key]
		return (ok && by > item || w.cleared > item) && o.overwrites(&p)
	})
	if !o.wiped {
		return
	}
	if w.cleared > item {
		o.wiped = false
		return
	}
	for k, by := range w.of {
		if by <= item || slices.ContainsFunc(o.ops, func(p pending[K, V]) bool { return p.key == k }) {
			continue
		}
		if p, ok := below(k); ok {
			o.ops = append(o.ops, p)
		}
	}
}

// overwrites reports whether an operation makes the key what it is without a
// look at it, and can't refuse.
func (o *overlay[K, V]) overwrites(p *pending[K, V]) bool {
	if !p.absolute() || p.checks() {
		return false
	}
	blind := true
	o.observed(func(x *sight[K]) bool {
		blind = x.key != p.key
		return blind
	})
	return blind
}

// note remembers what an item has written.
func (o *overlay[K, V]) note(w *latest[K], item int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.wiped {
		w.cleared = max(w.cleared, item)
	}
	for i := range o.ops {
		if p := &o.ops[i]; p.absolute() {
			if by, ok := w.of[p.key]; !ok || by < item {
				w.of[p.key] = item
			}
		}
	}
}

// byItem is outdo for a commit.
func (o *overlay[K, V]) byItem(tk task.Ticket) {
	if w := o.c.latest(tk.Loop); w != nil {
		o.outdo(w, tk.Item, func(k K) (p pending[K, V], ok bool) {
			p = pending[K, V]{key: k, op: writeset.Put, hash: o.t.hash(k)}
			p.val, _, ok = o.t.peek(p.hash, k)
			return p, ok
		})
	}
}

func (o *overlay[K, V]) noteItem(tk task.Ticket) {
	if w := o.c.latest(tk.Loop); w != nil {
		o.note(w, tk.Item)
	}
}

// byItemInto is the same for what the item of an inner loop hands to the
// enclosing task, which has dst, or nothing yet.
func (o *overlay[K, V]) byItemInto(dst *overlay[K, V], parent *task.Attempt) {
	a := o.by
	o.by = parent
	if a == nil {
		return
	}
	w := o.c.latest(a.Loop)
	if w == nil {
		return
	}
	o.outdo(w, a.Index, func(k K) (p pending[K, V], ok bool) {
		if dst != nil {
			if at := dst.find(k); at != nil {
				return *at, true
			}
		}
		return p, false
	})
	o.note(w, a.Index)
	o.reindex()
}

// reindex finds keys anew after operations went.
func (o *overlay[K, V]) reindex() {
	o.unindex()
	ops := slices.Clone(o.ops)
	o.ops = nil
	for i := range ops {
		*o.entry(ops[i].key) = ops[i]
	}
}
