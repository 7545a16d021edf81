package dict

import (
	"errors"
	"fmt"
	"unsafe"
)

// Errors of limits; compare with errors.Is. The commit that would go beyond one
// fails, and its task with it; the dictionary is as it was.
var ErrFull = errors.New("dict: full")

// limits are the bounds of a dictionary. It pays for them with one lock for
// all its commits.
type limits struct {
	entries int
	bytes   int64
}

// MaxEntries bounds the number of entries. The commit that would go beyond it
// is [ErrFull]. Default: no bound.
func MaxEntries(n int) Option {
	return func(o *options) error {
		o.limits.entries = n
		return atLeast1("MaxEntries", int64(n))
	}
}

// MaxBytes bounds the size of all keys and values, encoded. The commit that
// would go beyond it is [ErrFull]. Every commit then encodes what it writes.
// Default: no bound.
func MaxBytes(n int64) Option {
	return func(o *options) error {
		o.limits.bytes = n
		return atLeast1("MaxBytes", n)
	}
}

func atLeast1(name string, n int64) error {
	if n < 1 {
		return fmt.Errorf("%s(%d): must be at least 1", name, n)
	}
	return nil
}

// fits works out what the dictionary would hold after the commit. All commits
// of a limited dictionary hold its one lock.
func (o *overlay[K, V]) fits() error {
	t, c := o.t, o.c
	entries, bytes := t.entries, t.bytes
	if o.wiped {
		entries, bytes = 0, 0
	}
	var buf []byte
	size := func(k *K, v V) int64 {
		b := c.key.append(buf[:0], unsafe.Pointer(k))
		b, err := c.val().Put(b, v)
		if err != nil { // it will be refused where it is encoded
			return 0
		}
		buf = b
		return int64(len(b))
	}
	for i := range o.ops {
		p := &o.ops[i]
		was, _, there := t.peek(p.hash, p.key)
		there = there && !o.wiped
		v, ok, err := o.outcome(p)
		if err != nil {
			return c.named(err)
		}
		if there {
			entries--
		}
		if ok {
			entries++
		}
		if c.limits.bytes > 0 {
			if there {
				bytes -= size(&p.key, was)
			}
			if ok {
				bytes += size(&p.key, v)
			}
		}
	}
	switch l := c.limits; {
	case l.entries > 0 && entries > l.entries && entries > t.entries:
		return fmt.Errorf("%w: %s would hold %d entries, MaxEntries is %d", ErrFull, c.name, entries, l.entries)
	case l.bytes > 0 && bytes > l.bytes && bytes > t.bytes:
		return fmt.Errorf("%w: %s would hold %d bytes, MaxBytes is %d", ErrFull, c.name, bytes, l.bytes)
	}
	o.entries, o.bytes = entries, bytes
	return nil
}
