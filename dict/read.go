package dict

import (
	"context"
	"iter"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Get returns the value of a key and whether it is there. In a task that is
// what the task wrote, over what is committed now; two Gets may see different
// commits, use [Dict.GetMany] or [Dict.Snapshot] for one moment.
//
// A task that reads a key and then writes it depends on what it read: if
// another task changed the key meanwhile, it doesn't commit but ends with
// parfor.ErrConflict, to be tried again if the loop says so. So
// d.Set(ctx, k, v+1) after a Get loses no update.
//
// A Get costs about a map lookup, in a worker process as well: the first one
// there makes the owner put the entries where workers see them.
func (d *Dict[K, V]) Get(ctx context.Context, k K) (v V, ok bool, err error) {
	if d != nil && d.c != nil {
		if m := d.c.shares.now.Load(); m != nil {
			if v, ok, done := d.c.quick(m, ctx, k); done {
				return v, ok, nil
			}
		}
	}
	c, a, err := d.enter(ctx)
	if err != nil {
		return v, false, err
	}
	if err := c.clean(&k); err != nil {
		return v, false, err
	}
	if a == nil {
		v, _, ok, err = c.table().get(k) // this process owns it: see enter
	} else {
		v, ok, err = c.read(a, k)
	}
	if err != nil {
		return v, false, c.named(err)
	}
	if ok && c.copy != nil {
		v, err = c.out(v)
	}
	return v, ok, err
}

// quick is Get as most loops in worker processes call it: by a body that has
// read before and not written, from shared memory. Not done means that this is no
// such call. It is kept short for what it saves beside its own time: the processor
// looks some hundred instructions ahead, and so fetches the entries of the next
// calls from memory together with that of this one.
func (c *core[K, V]) quick(m *memory, ctx context.Context, k K) (v V, ok, done bool) {
	x, is := ctx.(*task.Ctx)
	if !is || x.Parent != nil || c.key.floats || c.copy != nil || c.closed.Load() {
		return v, false, false
	}
	tx := x.EnterAlone()
	if tx == nil {
		return v, false, false
	}
	if o := c.in(writeset.Of(tx)); o != nil && len(o.ops) == 0 && !o.wiped {
		if task.AnyUndecided() {
			task.Decide(c.nearHash(k))
		}
		var mark uint64
		var err error
		switch {
		case m.words != nil: // nearGet, without the call
			mark, ok, err = m.words.Get(toWord(k))
			v = fromWord[V](mark)
		case c.val().Text:
			v, mark, ok, err = o.text(m.records, k)
		default:
			v, mark, ok, err = c.nearGet(m, k)
		}
		if err == nil {
			o.reads++
			o.seen.add(k, mark, ok)
			done = true
		}
	}
	x.ExitAlone()
	return v, ok, done
}

// out copies a value on its way to the caller.
func (c *core[K, V]) out(v V) (V, error) {
	if c.copy == nil {
		return v, nil
	}
	v, err := c.copy(v)
	return v, c.wrap(err)
}

// read is Get for an attempt. It notes what was seen of the committed state.
func (c *core[K, V]) read(a *task.Attempt, k K) (v V, ok bool, err error) {
	tx, alone, err := a.Enter(writeset.New)
	if err != nil {
		return v, false, err
	}
	defer a.Exit(alone)
	o := c.part(writeset.Of(tx))
	o.reads++
	if len(o.ops) == 0 && !o.wiped && a.Parent == nil {
		var mark uint64
		if v, mark, ok, err = c.committed(a).get(k); err == nil {
			o.seen.add(k, mark, ok)
		}
		return v, ok, err
	}
	v, ok, mark, there, below, err := c.under(o, a, k)
	if below && err == nil {
		o.seen.add(k, mark, there)
	}
	return v, ok, err
}

// under returns the value of a key as an attempt sees it, whose part is o, nil
// for none. Below reports that the committed state was looked at, mark and there
// what it was.
func (c *core[K, V]) under(o *overlay[K, V], a *task.Attempt, k K) (v V, ok bool, mark uint64, there, below bool, err error) {
	var p *pending[K, V]
	if o != nil {
		p = o.find(k)
	}
	switch {
	case p != nil && p.absolute() || o != nil && o.wiped:
	case a.Parent != nil:
		err = a.Parent.With(nil, func(tx task.Tx) (err error) {
			v, ok, mark, there, below, err = c.under(c.in(writeset.Of(tx)), a.Parent, k)
			return err
		})
	default:
		v, mark, ok, err = c.committed(a).get(k)
		there, below = ok, true
	}
	if p != nil && err == nil {
		v, ok, err = p.over(c, v, ok, false)
	}
	return v, ok, mark, there, below, err
}

// saw notes what an attempt saw of a key.
func (c *core[K, V]) saw(a *task.Attempt, k K, mark uint64, ok bool) {
	c.note(a, func(o *overlay[K, V]) { o.seen.add(k, mark, ok) })
}

// note adds to what an attempt saw. One that has ended depends on nothing.
func (c *core[K, V]) note(a *task.Attempt, f func(*overlay[K, V])) {
	if a == nil {
		return
	}
	a.With(writeset.New, func(tx task.Tx) error {
		f(c.part(writeset.Of(tx)))
		return nil
	})
}

// Has reports whether a key is there; otherwise as Get.
func (d *Dict[K, V]) Has(ctx context.Context, k K) (bool, error) {
	_, ok, err := d.Get(ctx, k)
	return ok, err
}

// Len returns the number of entries at one moment, the task's own writes
// included. It takes some microseconds; in a worker process a round trip.
func (d *Dict[K, V]) Len(ctx context.Context) (int, error) {
	c, a, err := d.enter(ctx)
	if err != nil {
		return 0, err
	}
	own, err := c.ownAll(a)
	if err != nil {
		return 0, c.named(err)
	}
	var keys []K
	if own != nil {
		keys = make([]K, 0, len(own.ops))
		for i := range own.ops {
			keys = append(keys, own.ops[i].key)
		}
	}
	n, present, at, err := c.committed(a).size(keys)
	if err != nil {
		return 0, c.named(err)
	}
	if serializable(a) {
		c.note(a, func(o *overlay[K, V]) { o.seen.look(at) })
	}
	if own == nil {
		return n, nil
	}
	if own.wiped {
		n, present = 0, make([]bool, len(keys))
	}
	for i := range own.ops {
		ok, err := own.ops[i].leaves(present[i])
		switch {
		case err != nil:
			return 0, c.named(err)
		case !ok && present[i]:
			n--
		case ok && !present[i]:
			n++
		}
	}
	return n, nil
}

// Snapshot returns a copy of the dictionary at one moment, the task's own
// writes included; it is the caller's. Writers are not held up: the owner
// copies a part of its table when one touches it meanwhile. In a worker process
// it is one round trip, and an error above 60 MiB.
func (d *Dict[K, V]) Snapshot(ctx context.Context) (map[K]V, error) {
	c, v, own, err := d.moment(ctx)
	if err != nil {
		return nil, err
	}
	defer v.close()
	m := make(map[K]V, v.len())
	bad := v.each(own, func(k K, val V) bool {
		if c.copy != nil && !(v.own && own == nil) {
			val, err = c.out(val)
		}
		m[k] = val
		return err == nil
	})
	if err == nil {
		err = c.wrap(bad)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// All iterates over the dictionary as it is at one moment, when the iteration
// begins, the task's own writes so far included, in no particular order. The
// loop body may write to the dictionary; the iteration doesn't see it. It costs
// less than Snapshot when the loop ends early or the entries are many.
//
// A sequence has no place for an error, and one that ended early without a
// word would be taken for the whole. So All panics with the error that Snapshot
// would return; in a task that fails the task, with the error inside. Where
// such an error is to be handled, use Snapshot.
func (d *Dict[K, V]) All(ctx context.Context) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		c, v, own, err := d.moment(ctx)
		if err != nil {
			panic(err)
		}
		defer v.close()
		err = v.each(own, func(k K, val V) bool {
			out, err := c.out(val)
			if err != nil {
				panic(err)
			}
			return yield(k, out)
		})
		if err != nil {
			panic(c.named(err))
		}
	}
}

// moment takes a view of the committed state and the attempt's own writes.
func (d *Dict[K, V]) moment(ctx context.Context) (*core[K, V], *view[K, V], *overlay[K, V], error) {
	c, a, err := d.enter(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	own, err := c.ownAll(a)
	if err != nil {
		return nil, nil, nil, c.named(err)
	}
	v, err := c.committed(a).freeze()
	if err != nil {
		return nil, nil, nil, c.named(err)
	}
	c.sawAll(a, own, v)
	return c, v, own, nil
}

// sawAll notes that an attempt saw the whole dictionary. In a loop that isn't
// serializable that matters for the keys it changed relatively: it was told
// what comes out.
func (c *core[K, V]) sawAll(a *task.Attempt, own *overlay[K, V], v *view[K, V]) {
	switch {
	case serializable(a):
		c.note(a, func(o *overlay[K, V]) { o.seen.look(v.at) })
	case own != nil && !own.wiped:
		for i := range own.ops {
			if p := &own.ops[i]; !p.absolute() {
				f := v.find(p.key)
				c.saw(a, p.key, f.mark, f.ok)
			}
		}
	}
}

// ownAll returns all that an attempt and those around it did to the
// dictionary, nil for nothing.
func (c *core[K, V]) ownAll(a *task.Attempt) (*overlay[K, V], error) {
	if a == nil {
		return nil, nil
	}
	var chain []*task.Attempt
	for ; a != nil; a = a.Parent {
		chain = append(chain, a)
	}
	var all *overlay[K, V]
	for i := len(chain) - 1; i >= 0; i-- {
		err := chain[i].With(nil, func(tx task.Tx) error {
			if o := c.in(writeset.Of(tx)); o != nil && o.Changes() {
				if all == nil {
					all = newOverlay(c)
				}
				return o.replay(all)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
