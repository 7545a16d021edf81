package dict

import (
	"encoding/binary"
	"errors"
	"fmt"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/writeset"
)

// The encoding of a part of a list: a flag byte, what the attempt saw if it
// depends on that (era and length), the number of elements and the elements.
// Each has its length before it, in 4 bytes, unless its codec has a fixed size.
const (
	listWiped  = 1
	listStrict = 2
	listSeen   = 4
	listSized  = 8
	listTorn   = 16
)

// Append encodes the part.
func (p *listPart[T]) Append(dst []byte) (_ []byte, err error) {
	start := len(dst)
	flags := byte(0)
	if p.wiped {
		flags = listWiped
	}
	dst = binary.AppendUvarint(p.appendSight(dst, flags), uint64(len(p.items)))
	for _, v := range p.items {
		if dst, err = appendValue(dst, p.c.val(), v); err != nil {
			return dst, err
		}
		if len(dst)-start > writeset.MaxSet {
			return dst, writeset.ErrTooLarge
		}
	}
	return dst, nil
}

// AppendObserved encodes only what the attempt depends on.
func (p *listPart[T]) AppendObserved(dst []byte) []byte {
	// What it appended, which makes that count, doesn't travel.
	return append(p.appendSight(dst, listStrict), 0)
}

func (p *listPart[T]) appendSight(dst []byte, flags byte) []byte {
	if p.strict {
		flags |= listStrict
	}
	if !p.Observes() {
		return append(dst, flags)
	}
	flags |= listSeen
	if p.seen.sized {
		flags |= listSized
	}
	if p.seen.torn {
		flags |= listTorn
	}
	dst = binary.LittleEndian.AppendUint64(append(dst, flags), p.seen.era)
	return binary.AppendUvarint(dst, uint64(p.seen.n))
}

// Decode reads a part. It accepts only what Append, or AppendObserved, could
// have written.
func (c *listCore[T]) Decode(r *writeset.Reader) (writeset.Part, error) {
	p := c.blank()
	if err := p.decode(r); err != nil {
		p.Release()
		return nil, err
	}
	return p, nil
}

func (p *listPart[T]) decode(r *writeset.Reader) (err error) {
	flags := r.Byte()
	if flags&^(listWiped|listStrict|listSeen|listSized|listTorn) != 0 {
		return fmt.Errorf("unknown flags %#x", flags)
	}
	p.wiped, p.strict = flags&listWiped != 0, flags&listStrict != 0
	if flags&listSeen != 0 {
		s := &p.seen
		s.some, s.sized, s.torn, s.era = true, flags&listSized != 0, flags&listTorn != 0, r.Uint64()
		n := r.Uvarint()
		if s.n = int(n); s.n < 0 || uint64(s.n) != n {
			return fmt.Errorf("it saw a length of %d", n)
		}
	}
	p.items, err = readInto(p.items, r, p.c.val(), r.Uvarint())
	return err
}

var errMoreElements = errors.New("it names more elements than it holds")

// readInto appends n values to dst.
func readInto[T any](dst []T, r *writeset.Reader, cd *codec.Codec[T], n uint64) ([]T, error) {
	size := uint64(cd.Fixed)
	if size == 0 {
		size = 4
	}
	if r.Err() != nil {
		return dst, r.Err()
	}
	if n > uint64(r.Len())/size {
		return dst, errMoreElements
	}
	for range n {
		v, err := readValue(r, cd)
		if err != nil {
			return dst, err
		}
		dst = append(dst, v)
	}
	return dst, nil
}
