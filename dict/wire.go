package dict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/writeset"
)

// The encoding of a part: a flag byte, the number of operations, then each: a
// byte that says which, the key, and the value unless it is a Drop. A key with
// several steps has the byte many, the key, the number of steps, and the steps.
// What the attempt observed follows: the number of sights, then each, and the
// moment at which it saw the dictionary as a whole. A value whose codec has no
// fixed size has its length before it, in 4 bytes.
const (
	flagWiped  = 1
	flagStrict = 2
	flagWhole  = 4
	flagSeen   = 8  // sights follow the operations
	flagWords  = 16 // keys and values are words, each operation is plain
	flagLost   = 32 // see hasLost

	many     = 255
	wordSize = 1 + 8 + 8 // of an operation with flagWords
)

// Append encodes the part.
func (o *overlay[K, V]) Append(dst []byte) (_ []byte, err error) {
	at := len(dst)
	dst = append(dst, 0)
	if o.wiped {
		dst[at] |= flagWiped
	}
	dst = binary.AppendUvarint(dst, uint64(len(o.ops)))
	if o.plain() {
		dst[at] |= flagWords
		return o.appendSights(o.appendWords(dst), at), nil
	}
	for i := range o.ops {
		if dst, err = o.appendKey(dst, &o.ops[i]); err != nil {
			return dst, err
		}
		if len(dst)-at > writeset.MaxSet {
			return dst, writeset.ErrTooLarge
		}
	}
	return o.appendSights(dst, at), nil
}

// plain reports whether the operations can travel as words.
func (o *overlay[K, V]) plain() bool {
	if !o.c.word {
		return false
	}
	for i := range o.ops {
		if o.ops[i].more != nil {
			return false
		}
	}
	return true
}

func (o *overlay[K, V]) appendWords(dst []byte) []byte {
	dst = slices.Grow(dst, wordSize*len(o.ops))
	for i := range o.ops {
		p := &o.ops[i]
		dst = append(dst, byte(p.op))
		dst = binary.LittleEndian.AppendUint64(dst, toWord(p.key))
		dst = binary.LittleEndian.AppendUint64(dst, toWord(p.val))
	}
	return dst
}

// AppendObserved encodes only what the attempt depends on.
func (o *overlay[K, V]) AppendObserved(dst []byte) []byte {
	at := len(dst)
	var err error
	n := 0
	for i := range o.ops {
		if o.ops[i].told() {
			n++
		}
	}
	dst = binary.AppendUvarint(append(dst, 0), uint64(n))
	for i := range o.ops {
		if p := &o.ops[i]; p.told() {
			if dst, err = o.appendKey(dst, p); err != nil {
				return append(dst[:at], 0, 0)
			}
		}
	}
	// The sights of keys that were written count, and the writes don't travel.
	dst = o.appendSights(dst, at)
	if dst[at]&flagSeen != 0 {
		dst[at] |= flagStrict
	}
	return dst
}

func (o *overlay[K, V]) appendSights(dst []byte, flags int) []byte {
	if o.hasLost() {
		dst[flags] |= flagLost
	}
	n := uint64(0)
	o.observed(func(*sight[K]) bool { n++; return true })
	if n > 0 {
		dst[flags] |= flagSeen
		dst = binary.AppendUvarint(dst, n)
		o.observed(func(x *sight[K]) bool {
			ok := byte(0)
			if x.ok {
				ok = 1
			}
			dst = o.c.key.append(append(dst, ok), unsafe.Pointer(&x.key))
			if x.ok {
				dst = binary.LittleEndian.AppendUint64(dst, x.mark)
			}
			return true
		})
	}
	if o.strict {
		dst[flags] |= flagStrict
		if o.seen.whole {
			dst[flags] |= flagWhole
			dst = binary.LittleEndian.AppendUint64(dst, o.seen.wholeAt)
		}
	}
	return dst
}

func (o *overlay[K, V]) appendKey(dst []byte, p *pending[K, V]) ([]byte, error) {
	if p.more == nil {
		dst = o.c.key.append(append(dst, byte(p.op)), unsafe.Pointer(&p.key))
		if p.op == writeset.Drop {
			return dst, nil
		}
		return o.c.appendValue(dst, p.val)
	}
	dst = o.c.key.append(append(dst, many), unsafe.Pointer(&p.key))
	dst = binary.AppendUvarint(dst, uint64(len(p.more.steps)))
	for i := range p.more.steps {
		var err error
		if dst, err = o.c.appendStep(dst, &p.more.steps[i]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendStep encodes one of several steps: the operation, of a registered
// function its name, of a Calc also the argument and whether the key was there
// afterwards, and the value.
func (c *core[K, V]) appendStep(dst []byte, s *step[V]) ([]byte, error) {
	dst = append(dst, byte(s.op))
	if s.call != nil {
		dst = appendBytes(dst, s.call.fn.name)
	}
	if s.op == writeset.Calc {
		dst = appendBytes(dst, s.call.arg)
		if !s.call.ok {
			return append(dst, 0), nil
		}
		dst = append(dst, 1)
	}
	if s.op == writeset.Drop {
		return dst, nil
	}
	return c.appendValue(dst, s.val)
}

func appendBytes[T string | []byte](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func (c *core[K, V]) appendValue(dst []byte, v V) ([]byte, error) {
	return appendValue(dst, c.val(), v)
}

func (c *core[K, V]) readValue(r *writeset.Reader) (V, error) { return readValue(r, c.val()) }

// appendValue encodes a value, with its length before it unless that is fixed.
func appendValue[V any](dst []byte, cd *codec.Codec[V], v V) ([]byte, error) {
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

func readValue[V any](r *writeset.Reader, cd *codec.Codec[V]) (v V, err error) {
	n := uint64(cd.Fixed)
	if n == 0 {
		n = uint64(r.Uint32())
	}
	if cd.Text {
		s := r.String(n)
		return *(*V)(unsafe.Pointer(&s)), r.Err()
	}
	b := r.Take(n)
	if r.Err() != nil {
		return v, r.Err()
	}
	return cd.Get(b)
}

// supports says why V doesn't know an operation.
func (c *core[K, V]) supports(op writeset.Op) error {
	ok := true
	switch op {
	case writeset.Plus:
		ok = c.plus != nil
	case writeset.Max, writeset.Min:
		ok = c.less != nil
	case writeset.Join:
		ok = c.join != nil
	}
	if !ok {
		return errUnfit[V](op)
	}
	return nil
}

var errUnknownOp = errors.New("unknown operation")

func unknownOp(op byte) error { return fmt.Errorf("%w %d", errUnknownOp, op) }
