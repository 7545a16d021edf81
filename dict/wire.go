package dict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"parfor.dev/parfor/internal/writeset"
)

// The encoding of a part: a flag byte, the number of operations, then each: a
// byte that says which, the key, and the value unless it is a Drop. A value
// whose codec has no fixed size has its length before it, in 4 bytes.
const flagWiped = 1

// Append encodes the part.
func (o *overlay[K, V]) Append(dst []byte) ([]byte, error) {
	flags := byte(0)
	if o.wiped {
		flags = flagWiped
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(len(o.ops)))
	for i := range o.ops {
		p := &o.ops[i]
		dst = append(dst, byte(p.op))
		dst = o.c.key.append(dst, unsafe.Pointer(&p.key))
		if p.op != writeset.Drop {
			var err error
			if dst, err = o.c.appendValue(dst, p.val); err != nil {
				return dst, err
			}
		}
	}
	return dst, nil
}

// Decode reads a part. It accepts only what Append could have written.
func (c *core[K, V]) Decode(r *writeset.Reader) (writeset.Part, error) {
	o := c.blank()
	if err := o.decode(r); err != nil {
		o.Release()
		return nil, err
	}
	return o, nil
}

func (o *overlay[K, V]) decode(r *writeset.Reader) error {
	flags := r.Byte()
	if flags&^flagWiped != 0 {
		return fmt.Errorf("unknown flags %#x", flags)
	}
	o.wiped = flags == flagWiped
	n := r.Uvarint()
	if n > uint64(r.Len()) {
		return errors.New("it names more operations than it holds")
	}
	for range n {
		o.ops = append(o.ops, pending[K, V]{op: writeset.Op(r.Byte())})
		p := &o.ops[len(o.ops)-1] // in place: a local key would escape
		switch p.op {
		case writeset.Put, writeset.Drop:
		case writeset.Plus:
			if o.c.plus == nil {
				return errNoNumber[V]()
			}
		default:
			return fmt.Errorf("unknown operation %d", p.op)
		}
		if err := o.c.key.decode(r, unsafe.Pointer(&p.key)); err != nil {
			return err
		}
		if p.op != writeset.Drop {
			var err error
			if p.val, err = o.c.readValue(r); err != nil {
				return err
			}
		}
	}
	return r.Err()
}

func (c *core[K, V]) appendValue(dst []byte, v V) ([]byte, error) {
	cd := c.val()
	if cd.Fixed > 0 {
		return cd.Put(dst, v)
	}
	at := len(dst)
	dst, err := cd.Put(append(dst, 0, 0, 0, 0), v)
	if err != nil {
		return dst, err
	}
	n := uint64(len(dst) - at - 4)
	if n > math.MaxUint32 {
		return dst[:at], errors.New("a value takes more than 4 GiB")
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(n))
	return dst, nil
}

func (c *core[K, V]) readValue(r *writeset.Reader) (v V, err error) {
	cd := c.val()
	n := uint64(cd.Fixed)
	if n == 0 {
		n = uint64(r.Uint32())
	}
	b := r.Take(n)
	if r.Err() != nil {
		return v, r.Err()
	}
	return cd.Get(b)
}
