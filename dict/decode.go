package dict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"parfor.dev/parfor/internal/writeset"
)

// Decode reads a part. It accepts only what Append, or AppendObserved, could
// have written.
func (c *core[K, V]) Decode(r *writeset.Reader) (writeset.Part, error) {
	o := c.blank()
	before := r.Len()
	if err := o.decode(r); err != nil {
		o.Release()
		return nil, err
	}
	o.received = before - r.Len()
	return o, nil
}

func (o *overlay[K, V]) decode(r *writeset.Reader) error {
	flags := r.Byte()
	if flags&^(flagWiped|flagStrict|flagWhole|flagSeen|flagWords|flagLost) != 0 {
		return fmt.Errorf("unknown flags %#x", flags)
	}
	o.wiped, o.strict, o.lost = flags&flagWiped != 0, flags&flagStrict != 0, flags&flagLost != 0
	n := r.Uvarint()
	if n > uint64(r.Len()) {
		return errors.New("it names more operations than it holds")
	}
	if flags&flagWords != 0 {
		if err := o.decodeWords(r, n); err != nil {
			return err
		}
		n = 0
	}
	for range n {
		o.ops = append(o.ops, pending[K, V]{op: writeset.Op(r.Byte())})
		if err := o.decodeKey(r, &o.ops[len(o.ops)-1]); err != nil { // in place: a local key would escape
			return err
		}
	}
	if flags&flagSeen != 0 {
		if err := o.decodeSights(r); err != nil {
			return err
		}
		if !o.strict {
			o.strict = true // each of them counts: the others didn't travel
		}
	}
	if flags&flagWhole != 0 {
		o.seen.look(r.Uint64())
	}
	return r.Err()
}

func (o *overlay[K, V]) decodeWords(r *writeset.Reader, n uint64) error {
	if !o.c.word {
		return errors.New("it has words for keys or values that are none")
	}
	if n > uint64(r.Len())/wordSize {
		return errors.New("it names more operations than it holds")
	}
	b := r.Take(n * wordSize)
	if r.Err() != nil {
		return r.Err()
	}
	o.ops = slices.Grow(o.ops, int(n))
	for ; len(b) > 0; b = b[wordSize:] {
		k, v := le.Uint64(b[1:]), le.Uint64(b[9:])
		if k > o.c.maxKey || v > o.c.maxVal {
			return errors.New("a word is no key or no value")
		}
		o.ops = append(o.ops, pending[K, V]{op: writeset.Op(b[0]), key: fromWord[K](k), val: fromWord[V](v)})
		p := &o.ops[len(o.ops)-1]
		switch p.op {
		case writeset.Put, writeset.Drop:
		case writeset.Plus, writeset.Max, writeset.Min, writeset.IfAbsent, writeset.Insert, writeset.Claim:
			if err := o.c.supports(p.op); err != nil {
				return err
			}
		default:
			return unknownOp(b[0])
		}
		if err := o.c.clean(&p.key); err != nil {
			return err
		}
	}
	return nil
}

var le = binary.LittleEndian

func (o *overlay[K, V]) decodeKey(r *writeset.Reader, p *pending[K, V]) (err error) {
	if err := o.c.key.decode(r, unsafe.Pointer(&p.key)); err != nil {
		return err
	}
	if p.op != many {
		switch {
		case !p.op.Valid() || p.op == writeset.Fold || p.op == writeset.Calc:
			return unknownOp(byte(p.op))
		case p.op == writeset.Drop:
			return nil
		}
		if err := o.c.supports(p.op); err != nil {
			return err
		}
		p.val, err = o.c.readValue(r)
		return err
	}
	p.op = writeset.None
	n := r.Uvarint()
	if n == 0 || n > uint64(r.Len()) {
		return errors.New("a key has more steps than the set holds, or none")
	}
	p.more = &chain[V]{steps: make([]step[V], n)}
	for i := range p.more.steps {
		if err := o.c.decodeStep(r, &p.more.steps[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *core[K, V]) decodeStep(r *writeset.Reader, s *step[V]) (err error) {
	s.op = writeset.Op(r.Byte())
	switch {
	case !s.op.Valid():
		return unknownOp(byte(s.op))
	case s.op == writeset.Drop:
		return r.Err()
	case s.op == writeset.Fold || s.op == writeset.Calc:
		if err := c.decodeCall(r, s); err != nil || s.op == writeset.Calc && !s.call.ok {
			return err
		}
	default:
		if err := c.supports(s.op); err != nil {
			return err
		}
	}
	s.val, err = c.readValue(r)
	return err
}

func (c *core[K, V]) decodeCall(r *writeset.Reader, s *step[V]) error {
	f, err := functionNamed(string(r.Take(r.Uvarint())))
	if err != nil {
		return errors.Join(err, r.Err())
	}
	s.call = &call[V]{fn: f}
	if s.op == writeset.Fold {
		if _, ok := f.fn.(func(V, V) V); !ok {
			return fmt.Errorf("%s is no function for Merge with these values", f.name)
		}
		return nil
	}
	arg := append([]byte(nil), r.Take(r.Uvarint())...)
	s.call.ok = r.Byte() == 1
	if r.Err() != nil {
		return r.Err()
	}
	if f.bind == nil {
		return fmt.Errorf("%s is no function for Compute", f.name)
	}
	run, err := f.bind(arg)
	if err != nil {
		return err
	}
	bound, ok := run.(func(V, bool) (V, bool))
	if !ok {
		return fmt.Errorf("%s is no function for Compute with these values", f.name)
	}
	s.call.arg, s.call.run = arg, bound
	return nil
}

func (o *overlay[K, V]) decodeSights(r *writeset.Reader) error {
	n := r.Uvarint()
	if n > uint64(r.Len()) {
		return errors.New("it names more sights than it holds")
	}
	for range n {
		o.seen.log = append(o.seen.log, sight[K]{ok: r.Byte() == 1})
		x := &o.seen.log[len(o.seen.log)-1]
		if err := o.c.key.decode(r, unsafe.Pointer(&x.key)); err != nil {
			return err
		}
		if x.ok {
			x.mark = r.Uint64()
		}
	}
	return r.Err()
}
