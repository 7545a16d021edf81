package dict

import (
	"context"
	"fmt"
	"reflect"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// AddGet adds delta to the value of a key, which counts as zero when absent,
// and returns the sum. A task that was told a sum depends on it: if another
// task changed the key meanwhile it ends with parfor.ErrConflict. So the
// numbers that successful tasks got from one counter are all different, without
// gaps. Where the sum isn't needed, Add never conflicts.
func (d *Dict[K, V]) AddGet(ctx context.Context, k K, delta V) (V, error) {
	var none V
	return d.settled(ctx, k, func(c *core[K, V], o *overlay[K, V], v V, ok bool) (V, bool, error) {
		s := step[V]{op: writeset.Plus, val: delta}
		if err := c.prepare(&k, &s); err != nil {
			return none, false, err
		}
		o.record(k, &s)
		v, ok, err := c.apply(&s, v, ok, false)
		return v, ok, err
	})
}

// settled runs f on the value of a key and the part to record in, with nothing
// between: in a task under its lock, outside as one commit.
func (d *Dict[K, V]) settled(ctx context.Context, k K, f func(c *core[K, V], o *overlay[K, V], v V, ok bool) (V, bool, error)) (V, error) {
	v, _, err := d.settle(ctx, k, f)
	return v, err
}

func (d *Dict[K, V]) settle(ctx context.Context, k K, f func(c *core[K, V], o *overlay[K, V], v V, ok bool) (V, bool, error)) (out V, ok bool, err error) {
	c, a, err := d.enter(ctx)
	if err != nil {
		return out, false, err
	}
	if err := c.clean(&k); err != nil {
		return out, false, err
	}
	if a == nil {
		return c.settleAlone(k, f)
	}
	err = a.With(writeset.New, func(tx task.Tx) error {
		s := writeset.Of(tx)
		o := c.part(s)
		v, there, mark, was, below, err := c.under(o, a, k)
		if err != nil {
			return c.named(err)
		}
		if out, ok, err = f(c, o, v, there); err != nil {
			s.Fail(err)
			return err
		}
		if p := o.find(k); below && (p.more == nil || !p.more.observes()) {
			o.seen.add(k, mark, was)
		}
		return nil
	})
	if err != nil {
		return out, false, c.wrap(err)
	}
	out, err = c.out(out)
	return out, ok, err
}

// settleAlone tries until nobody came between. Each failure is somebody else's
// success.
func (c *core[K, V]) settleAlone(k K, f func(c *core[K, V], o *overlay[K, V], v V, ok bool) (V, bool, error)) (out V, ok bool, err error) {
	for {
		v, mark, there, err := c.committed(nil).get(k)
		if err != nil {
			return out, false, c.named(err)
		}
		o := c.blank()
		if out, ok, err = f(c, o, v, there); err != nil {
			o.Release()
			return out, false, err
		}
		o.seen.add(k, mark, there)
		_, err = writeset.Commit(o.alone[:], task.Ticket{})
		o.Release()
		if _, again := err.(*task.Conflict); again {
			continue
		}
		if err == nil {
			out, err = c.out(out)
		}
		return out, ok, err
	}
}

// RegisterCompute makes a plain top-level function known to every process of
// the program, so that [Compute] can use it; otherwise as [RegisterMerge]. A is
// encoded as items of loops are.
func RegisterCompute[V, A any](fn func(old V, ok bool, arg A) (V, bool)) func(old V, ok bool, arg A) (V, bool) {
	addFunction(registry.Word(&fn), fn == nil, reflect.ValueOf(fn), &function{fn: fn, bind: func(b []byte) (any, error) {
		arg, err := codec.Of[A]().Get(b)
		if err != nil {
			return nil, fmt.Errorf("the argument of Compute: %w", err)
		}
		return func(old V, ok bool) (V, bool) { return fn(old, ok, arg) }, nil
	}})
	return fn
}

// Compute makes the value of a key what fn makes of it: fn gets the value,
// whether the key is there, and arg, and returns the new value and whether the
// key is to be there. Compute returns the same two.
//
// fn is registered with [RegisterCompute]. It runs at once, on what the task
// sees, and once more when the task commits, on what is there then; if another
// value comes out the task ends with parfor.ErrConflict. So fn must be pure,
// total and quick; its panic fails the task. A change of the key that leaves
// the outcome as it was is no conflict. Outside tasks it is one commit.
func Compute[K comparable, V, A any](ctx context.Context, d *Dict[K, V], k K, fn func(old V, ok bool, arg A) (V, bool), arg A) (V, bool, error) {
	var none V
	f, err := findFunction(fn, "RegisterCompute")
	if err != nil {
		return none, false, d.refuse(ctx, err)
	}
	b, err := codec.Of[A]().Put(nil, arg)
	if err != nil {
		return none, false, d.refuse(ctx, fmt.Errorf("the argument of Compute: %w", err))
	}
	return d.settle(ctx, k, func(c *core[K, V], o *overlay[K, V], v V, ok bool) (out V, there bool, err error) {
		defer func() { recovered(&err, f, recover()) }()
		if v, err = c.out(v); err != nil {
			return none, false, err
		}
		out, there = fn(v, ok, arg)
		if out, err = c.out(out); err != nil { // the function may keep it
			return none, false, err
		}
		s := step[V]{op: writeset.Calc, val: out, call: &call[V]{fn: f, arg: b, ok: there}}
		s.call.run = func(old V, ok bool) (V, bool) { return fn(old, ok, arg) }
		p := o.find(k)
		switch {
		case (p == nil && !o.wiped) || p != nil && !p.absolute():
		case there:
			s = step[V]{op: writeset.Put, val: out} // on what the task itself wrote
		default:
			s = step[V]{op: writeset.Drop}
		}
		o.record(k, &s)
		return out, there, nil
	})
}
