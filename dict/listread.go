package dict

import (
	"context"
	"iter"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Len returns the number of elements, in a task with those it appended.
//
// A task that appends to the list and was told its length, by Len, Snapshot,
// All, or an At behind the committed end, depends on it: if another task
// appended meanwhile, it ends with parfor.ErrConflict, to be tried again if the
// loop says so. So positions that tasks were told are true. Tasks that only
// append, or only read, never conflict; neither do appends with an At of an
// element that was there, unless the list is cleared. Under
// parfor.Serializable tasks that only read depend on it too.
//
// Len costs a moment's lock, in a worker process one round trip.
func (l *List[T]) Len(ctx context.Context) (int, error) {
	c, a, err := l.enter(ctx)
	if err != nil {
		return 0, err
	}
	own, err := c.ownAll(a)
	if err != nil {
		return 0, c.named(err)
	}
	if own.wiped {
		return own.n, nil
	}
	s, err := c.size(a)
	if err != nil {
		return 0, c.named(err)
	}
	c.saw(a, s)
	return s.n + own.n, nil
}

// At returns the element with the index i, from 0, and whether there is one, in
// a task with those it appended behind those that are committed. What it costs,
// and when it is an observation, is as for [List.Len].
func (l *List[T]) At(ctx context.Context, i int) (v T, ok bool, err error) {
	c, a, err := l.enter(ctx)
	if err != nil {
		return v, false, err
	}
	own, err := c.ownAll(a)
	if err != nil {
		return v, false, c.named(err)
	}
	if i < 0 {
		return v, false, nil
	}
	if !own.wiped {
		var s listSight
		if v, s, err = c.at(a, i); err != nil {
			return v, false, c.named(err)
		}
		c.saw(a, s)
		if !s.sized {
			v, err = c.out(v)
			return v, err == nil, err
		}
		i -= s.n
	}
	if v, ok = own.at(i); ok {
		v, err = c.out(v)
	}
	return v, ok && err == nil, err
}

// Snapshot returns a copy of the list at one moment, the task's own appends
// included; it is the caller's. Nobody is held up. In a worker process it is one
// round trip, and an error above 60 MiB. When it is an observation is as for
// [List.Len].
func (l *List[T]) Snapshot(ctx context.Context) ([]T, error) {
	c, st, own, err := l.moment(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]T, 0, st.n+own.n)
	for run := range own.over(&st.blocks) {
		all = append(all, run...)
	}
	if c.copy != nil {
		for i := range all {
			if all[i], err = c.out(all[i]); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// All iterates over the list as it is at one moment, when the iteration begins,
// the task's own appends so far included. The loop body may write to the list;
// the iteration doesn't see it. In the program that owns the list it copies
// nothing but the elements it yields. Where Snapshot would return an error, All
// panics with it; see [Dict.All].
func (l *List[T]) All(ctx context.Context) iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		c, st, own, err := l.moment(ctx)
		if err != nil {
			panic(err)
		}
		i := 0
		for run := range own.over(&st.blocks) {
			for _, v := range run {
				v, err := c.out(v)
				if err != nil {
					panic(err)
				}
				if !yield(i, v) {
					return
				}
				i++
			}
		}
	}
}

// moment takes a snapshot of the committed list and the attempt's own appends.
func (l *List[T]) moment(ctx context.Context) (c *listCore[T], st listState[T], own listOwn[T], err error) {
	c, a, err := l.enter(ctx)
	if err != nil {
		return c, st, own, err
	}
	if own, err = c.ownAll(a); err != nil {
		return c, st, own, c.named(err)
	}
	if own.wiped {
		return c, st, own, nil
	}
	if st, err = c.freeze(a); err != nil {
		return c, st, own, c.named(err)
	}
	c.saw(a, st.seen())
	return c, st, own, nil
}

// seen is the sight of who is told all of it.
func (s *listState[T]) seen() listSight {
	return listSight{some: true, sized: true, era: s.era, n: s.n}
}

// saw notes what an attempt saw. One that has ended depends on nothing.
func (c *listCore[T]) saw(a *task.Attempt, s listSight) {
	if a == nil {
		return
	}
	a.With(writeset.New, func(tx task.Tx) error {
		c.part(writeset.Of(tx)).seen.add(s)
		return nil
	})
}

// out copies a value on its way to the caller.
func (c *listCore[T]) out(v T) (T, error) {
	if c.copy == nil {
		return v, nil
	}
	v, err := c.copy(v)
	return v, c.wrap(err)
}

// listOwn is what an attempt and those around it did to a list.
type listOwn[T any] struct {
	wiped bool
	runs  [][]T // appended, the outermost attempt's first
	n     int
}

func (c *listCore[T]) ownAll(a *task.Attempt) (own listOwn[T], err error) {
	if a == nil {
		return own, nil
	}
	if a.Parent != nil {
		if own, err = c.ownAll(a.Parent); err != nil {
			return own, err
		}
	}
	err = a.With(nil, func(tx task.Tx) error {
		p := c.in(writeset.Of(tx))
		if p == nil {
			return nil
		}
		if p.wiped {
			own = listOwn[T]{wiped: true}
		}
		if len(p.items) > 0 {
			p.lent = true
			own.runs, own.n = append(own.runs, p.items), own.n+len(p.items)
		}
		return nil
	})
	return own, err
}

func (o *listOwn[T]) at(i int) (v T, ok bool) {
	for _, r := range o.runs {
		if i < len(r) {
			return r[i], true
		}
		i -= len(r)
	}
	return v, false
}

// over returns the elements of b and then the attempt's own, some at a time.
func (o *listOwn[T]) over(b *blocks[T]) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for r := range b.runs() {
			if !yield(r) {
				return
			}
		}
		for _, r := range o.runs {
			if !yield(r) {
				return
			}
		}
	}
}
