package dict

import (
	"context"
	"fmt"
	"reflect"
	"unsafe"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Set stores a value. It is blind: it never conflicts, and of several writes
// to a key the last one in commit order stays.
//
// In a task it takes effect if, and when, the task succeeds. An error fails
// the task too, whatever the body makes of it. The cost is that of a map
// insert, from a worker process as well: writes travel with the result.
func (d *Dict[K, V]) Set(ctx context.Context, k K, v V) error {
	return d.write(ctx, writeset.Put, k, v)
}

// Delete removes a key; one that isn't there is no error. Otherwise as Set.
func (d *Dict[K, V]) Delete(ctx context.Context, k K) error {
	var zero V
	return d.write(ctx, writeset.Drop, k, zero)
}

// Add adds delta to the value of a key, which counts as zero when absent. No
// update is lost: the addition happens at commit, on what is there then.
// Integers wrap around as in Go; floats are summed up within a task before
// they are added to the value. It is an error if V is no number. Otherwise as
// Set.
func (d *Dict[K, V]) Add(ctx context.Context, k K, delta V) error {
	return d.write(ctx, writeset.Plus, k, delta)
}

// Clear removes every key, at one moment; later writes of the same task stay.
// Otherwise as Set.
func (d *Dict[K, V]) Clear(ctx context.Context) error {
	return d.change(ctx, func(o *overlay[K, V]) error { o.wipe(); return nil })
}

// Update stores every entry of m, as one step. Nothing is stored if one of
// them can't be. Otherwise as Set.
func (d *Dict[K, V]) Update(ctx context.Context, m map[K]V) error {
	if len(m) == 0 {
		_, _, err := d.enter(ctx)
		return err
	}
	return d.change(ctx, func(o *overlay[K, V]) error {
		ready := make([]pending[K, V], 0, len(m))
		for k, v := range m {
			p := pending[K, V]{key: k, val: v, op: writeset.Put}
			if err := o.c.prepare(&p); err != nil {
				return err
			}
			ready = append(ready, p)
		}
		for i := range ready {
			o.record(writeset.Put, ready[i].key, ready[i].val)
		}
		return nil
	})
}

func (d *Dict[K, V]) write(ctx context.Context, op writeset.Op, k K, v V) error {
	c, a, err := d.enter(ctx)
	if err != nil {
		return err
	}
	if a != nil {
		return a.With(writeset.New, func(tx task.Tx) error {
			s := writeset.Of(tx)
			p := pending[K, V]{key: k, val: v, op: op}
			if err := c.prepare(&p); err != nil {
				s.Fail(err)
				return err
			}
			c.part(s).record(op, p.key, p.val)
			return nil
		})
	}
	p := pending[K, V]{key: k, val: v, op: op}
	if err := c.prepare(&p); err != nil {
		return err
	}
	o := c.blank()
	o.ops = append(o.ops, p)
	return c.commit(o)
}

// change is write for what is more than one operation on one key.
func (d *Dict[K, V]) change(ctx context.Context, f func(*overlay[K, V]) error) error {
	c, a, err := d.enter(ctx)
	if err != nil {
		return err
	}
	if a != nil {
		return a.With(writeset.New, func(tx task.Tx) error {
			s := writeset.Of(tx)
			err := f(c.part(s))
			if err != nil {
				s.Fail(err)
			}
			return err
		})
	}
	o := c.blank()
	if err := f(o); err != nil {
		o.Release()
		return err
	}
	return c.commit(o)
}

// commit commits one part and reuses it.
func (c *core[K, V]) commit(o *overlay[K, V]) error {
	_, err := writeset.Commit(o.alone[:])
	o.Release()
	return err
}

// prepare makes an operation ready to be recorded: a clean key, a value that
// belongs to the dictionary, an operation that V knows.
func (c *core[K, V]) prepare(p *pending[K, V]) error {
	if c.key.floats {
		if err := c.key.clean(unsafe.Pointer(&p.key)); err != nil {
			return c.named(err)
		}
	}
	if p.op == writeset.Plus && c.plus == nil {
		return c.named(errNoNumber[V]())
	}
	if c.copy != nil && p.op == writeset.Put {
		v, err := c.copy(p.val)
		if err != nil {
			return c.named(err)
		}
		p.val = v
	}
	return nil
}

func errNoNumber[V any]() error {
	return fmt.Errorf("Add needs numbers, its values are of type %v", reflect.TypeFor[V]())
}
