package dict

import (
	"context"
	"fmt"
	"reflect"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// store is one step on one key.
func (d *Dict[K, V]) store(ctx context.Context, k K, s step[V]) error {
	c, a, err := d.enter(ctx)
	if err != nil {
		return err
	}
	if a == nil {
		if err := c.prepare(&k, &s); err != nil {
			return err
		}
		if s.call == nil && s.op != writeset.Insert && c.direct(k, &s) {
			return nil
		}
		return c.storeAlone(k, s)
	}
	tx, alone, err := a.Enter(writeset.New)
	if err != nil {
		return c.named(err)
	}
	defer a.Exit(alone) // a function of the program may panic
	set := writeset.Of(tx)
	if err := c.prepare(&k, &s); err != nil {
		set.Fail(err)
		return err
	}
	c.part(set).record(k, &s)
	return nil
}

// storeAlone is one step as one commit.
func (c *core[K, V]) storeAlone(k K, s step[V]) error {
	o := c.blank()
	o.record(k, &s)
	return c.commit(o)
}

// change is store for what is more than one step on one key.
func (d *Dict[K, V]) change(ctx context.Context, f func(*overlay[K, V]) error) error {
	c, a, err := d.enter(ctx)
	if err != nil {
		return err
	}
	if a != nil {
		return c.wrap(a.With(writeset.New, func(tx task.Tx) error {
			s := writeset.Of(tx)
			err := f(c.part(s))
			if err != nil {
				s.Fail(err)
			}
			return err
		}))
	}
	o := c.blank()
	if err := f(o); err != nil {
		o.Release()
		return c.named(err)
	}
	return c.commit(o)
}

// refuse fails the task for a write that can't be, as any bad write does.
func (d *Dict[K, V]) refuse(ctx context.Context, err error) error {
	return d.change(ctx, func(*overlay[K, V]) error { return err })
}

// commit commits one part and reuses it.
func (c *core[K, V]) commit(o *overlay[K, V]) error {
	_, err := writeset.Commit(o.alone[:], task.Ticket{})
	o.Release()
	return err
}

// prepare makes a step ready to be recorded: a clean key, a value that belongs
// to the dictionary, an operation that V knows.
func (c *core[K, V]) prepare(k *K, s *step[V]) error {
	if err := c.clean(k); err != nil {
		return err
	}
	if err := c.supports(s.op); err != nil {
		return c.named(err)
	}
	if c.copy != nil && s.op != writeset.Drop {
		v, err := c.copy(s.val)
		if err != nil {
			return c.named(err)
		}
		s.val = v
	}
	return nil
}

func errUnfit[V any](op writeset.Op) error {
	t := reflect.TypeFor[V]()
	switch op {
	case writeset.Plus:
		return fmt.Errorf("Add needs numbers, its values are of type %v", t)
	case writeset.Join:
		return fmt.Errorf("Append needs slices, its values are of type %v", t)
	}
	return fmt.Errorf("Max and Min need numbers or strings, its values are of type %v", t)
}
