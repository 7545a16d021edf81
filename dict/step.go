package dict

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"parfor.dev/parfor/internal/writeset"
)

// ErrExists means that an Insert found its key there when it was to commit.
var ErrExists = errors.New("the key is already there")

// step is one thing that an attempt does to a key. Applied to what is there it
// gives what is there afterwards, every time the same.
type step[V any] struct {
	op   writeset.Op
	val  V        // the operand; of Calc the value that came out
	call *call[V] // of Fold and Calc
}

// call is a registered function with what it needs besides the value.
type call[V any] struct {
	fn  *function
	arg []byte                         // of Calc, encoded
	run func(old V, ok bool) (V, bool) // of Calc, the function with its argument
	ok  bool                           // of Calc, whether the key was there afterwards

	lost atomic.Bool // of Calc: the body has met errOtherwise
}

// apply replays a step on a value. Grow says that a slice may be extended in
// place, as nobody else will ever extend this one.
func (c *core[K, V]) apply(s *step[V], v V, ok, grow bool) (V, bool, error) {
	switch s.op {
	case writeset.Put:
		return s.val, true, nil
	case writeset.Drop:
		var zero V
		return zero, false, nil
	case writeset.Calc:
		return c.calc(s, v, ok)
	case writeset.Claim, writeset.IfAbsent:
		if ok {
			return v, true, nil
		}
		return s.val, true, nil
	case writeset.Insert:
		if ok {
			return v, true, ErrExists
		}
		return s.val, true, nil
	}
	if !ok {
		return s.val, true, nil
	}
	switch s.op {
	case writeset.Plus:
		return c.plus(v, s.val), true, nil
	case writeset.Max:
		if c.less(v, s.val) {
			v = s.val
		}
	case writeset.Min:
		if c.less(s.val, v) {
			v = s.val
		}
	case writeset.Join:
		return c.join(v, s.val, grow), true, nil
	case writeset.Fold:
		return c.fold(s, v)
	}
	return v, true, nil
}

// errOtherwise is a Calc that came out otherwise than the task saw it. A body that
// looks at the key again meets it, too; its attempt then conflicts, even if the
// value is back in the end: the error is nothing that it would be told alone.
var errOtherwise = errors.New("it came out otherwise")

// calc runs the function of a Calc again; what comes out must be what the task
// was told.
func (c *core[K, V]) calc(s *step[V], v V, ok bool) (_ V, _ bool, err error) {
	defer func() { recovered(&err, s.call.fn, recover()) }()
	if ok && c.copy != nil {
		if v, err = c.copy(v); err != nil {
			return v, ok, err
		}
	}
	now, there := s.call.run(v, ok)
	if there != s.call.ok || there && !c.same(now, s.val) {
		s.call.lost.Store(true)
		return now, there, errOtherwise
	}
	return s.val, there, nil
}

func (c *core[K, V]) fold(s *step[V], v V) (_ V, _ bool, err error) {
	defer func() { recovered(&err, s.call.fn, recover()) }()
	w := s.val
	if c.copy != nil { // the function may do as it likes with its arguments
		if v, err = c.copy(v); err == nil {
			w, err = c.copy(w)
		}
		if err != nil {
			return v, true, err
		}
	}
	return s.call.fn.fn.(func(V, V) V)(v, w), true, nil
}

func recovered(err *error, f *function, v any) {
	if v != nil {
		*err = fmt.Errorf("%s panicked: %v", f.name, v)
	}
}

// same reports whether two values are equal to everybody: their encodings are.
func (c *core[K, V]) same(a, b V) bool {
	cd := c.val()
	x, err := cd.Put(nil, a)
	if err != nil {
		return false
	}
	y, err := cd.Put(nil, b)
	if err != nil || string(x) == string(y) {
		return err == nil
	}
	if !c.maps || len(x) != len(y) {
		return false
	}
	if a, err = cd.Get(x); err == nil { // maps have no order, and their encodings have one
		b, err = cd.Get(y)
	}
	return err == nil && reflect.DeepEqual(a, b)
}

// hasMaps reports whether there may be a map in values of a type.
func hasMaps(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Map:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return hasMaps(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if hasMaps(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// pending is what an attempt does to one key: a step, and those after it that
// can't be combined with it.
type pending[K comparable, V any] struct {
	key  K
	val  V
	more *chain[V] // nil while op and val say it all
	hash uint64    // nearHash in an indexed part; while the part is locked that of the table
	op   writeset.Op
}

// chain is what a key needs that is more than one plain step.
type chain[V any] struct {
	steps []step[V]
	val   V // what came out in Admit
	ok    bool
}

// push adds a step. The outcome is the same as if the steps were kept one by
// one, but for float additions, whose order of rounding differs.
func (p *pending[K, V]) push(c *core[K, V], s *step[V]) {
	switch {
	case p.op == writeset.None && p.more == nil && s.call == nil:
		p.op, p.val = s.op, s.val
		return
	case p.more == nil && s.call == nil && p.combine(c, s):
		return
	case p.more != nil && s.call == nil:
		end := &p.more.steps[len(p.more.steps)-1]
		last := pending[K, V]{op: end.op, val: end.val}
		if end.call == nil && last.combine(c, s) {
			end.op, end.val = last.op, last.val
			return
		}
	}
	if p.more == nil {
		p.more = &chain[V]{}
		if p.op != writeset.None {
			p.more.steps = append(p.more.steps, step[V]{op: p.op, val: p.val})
		}
		p.op = writeset.None
	}
	p.more.steps = append(p.more.steps, *s)
}

// combine makes two plain steps one, where one will do.
func (p *pending[K, V]) combine(c *core[K, V], s *step[V]) bool {
	if p.op == writeset.Insert || p.op == writeset.Claim {
		return false // it may refuse; what follows doesn't change that
	}
	switch {
	case s.op == writeset.Put || s.op == writeset.Drop:
		p.op, p.val = s.op, s.val
		return true
	case s.op == writeset.Insert || s.op == writeset.Claim:
		return false
	case p.absolute():
		first := step[V]{op: p.op, val: p.val}
		var none V
		v, ok, _ := c.apply(&first, none, false, false)
		if v, ok, _ = c.apply(s, v, ok, false); ok {
			p.op = writeset.Put
		}
		p.val = v
		return true
	case p.op != s.op || s.op == writeset.Fold:
		return false
	}
	p.val, _, _ = c.apply(s, p.val, true, false)
	return true
}

// absolute reports whether the value afterwards doesn't depend on the one
// before. A claimed key was not there.
func (p *pending[K, V]) absolute() bool {
	first := p.op
	if p.more != nil && first == writeset.None {
		first = p.more.steps[0].op
	}
	return first == writeset.Put || first == writeset.Drop || first == writeset.Claim
}

// over is the value of the key put over what is below it.
func (p *pending[K, V]) over(c *core[K, V], v V, ok, grow bool) (_ V, _ bool, err error) {
	if p.more == nil {
		s := step[V]{op: p.op, val: p.val}
		return c.apply(&s, v, ok, grow)
	}
	for i := range p.more.steps {
		if v, ok, err = c.apply(&p.more.steps[i], v, ok, grow); err != nil {
			return v, ok, err
		}
		grow = false
	}
	return v, ok, nil
}

// leaves reports whether the key is there afterwards. No value is needed for
// that: what a Compute made of it was told then.
func (p *pending[K, V]) leaves(there bool) (_ bool, err error) {
	p.each(func(s *step[V]) {
		switch {
		case s.op == writeset.Drop:
			there = false
		case s.op == writeset.Calc:
			there = s.call.ok
		case s.op == writeset.Insert && there && err == nil:
			err = ErrExists
		default:
			there = true
		}
	})
	return there, err
}

// each calls f with the steps in order.
func (p *pending[K, V]) each(f func(*step[V])) {
	if p.more == nil {
		f(&step[V]{op: p.op, val: p.val})
		return
	}
	for i := range p.more.steps {
		f(&p.more.steps[i])
	}
}

// checks reports whether a step may refuse the commit.
func (p *pending[K, V]) checks() bool {
	found := p.op == writeset.Insert || p.op == writeset.Claim
	if p.more != nil {
		for i := range p.more.steps {
			op := p.more.steps[i].op
			found = found || op == writeset.Insert || op == writeset.Claim || op == writeset.Calc
		}
	}
	return found
}

// observes reports whether a step told the task what came out of it.
func (c *chain[V]) observes() bool {
	for i := range c.steps {
		if c.steps[i].op == writeset.Calc {
			return true
		}
	}
	return false
}

// lost reports whether the body has met errOtherwise.
func (c *chain[V]) lost() bool {
	for i := range c.steps {
		if k := c.steps[i].call; k != nil && k.lost.Load() {
			return true
		}
	}
	return false
}
