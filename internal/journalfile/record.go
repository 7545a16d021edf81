package journalfile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"parfor.dev/parfor/internal/cursor"
)

// Key tells items apart. It is a digest, so that a file grows by 16 bytes for
// an item of any size.
type Key [16]byte

// KeyOf is the key of what the parts say together: the first half of a SHA-256.
// Among a billion keys two are equal by chance with a probability of 10^-21; to
// find two on purpose takes 2^64 attempts. Where a part ends counts.
func KeyOf(parts ...[]byte) (k Key) {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	var sum [sha256.Size]byte
	copy(k[:], h.Sum(sum[:0]))
	return k
}

func (k Key) String() string { return fmt.Sprintf("%x", k[:]) }

// Done is an item that is done. A later one of the same key replaces its
// result; what it wrote stays a part of the history.
type Done struct {
	Key      Key
	Attempts uint32
	Commit   uint64
	Result   []byte
	Writes   []byte // what dictionaries hold since this commit
}

// Base is a piece of what dictionaries held before the first item. The pieces
// are one whole if the last of them says so.
type Base struct {
	Data []byte
	Last bool
}

// Record is one record as it was read; Kind says which field counts. The bytes
// belong to the reader, which overwrites them with the next record.
type Record struct {
	Kind Kind
	Done Done
	Base Base
}

// size is at least that of d's body.
func (d *Done) size() int64 {
	return int64(len(d.Result)) + int64(len(d.Writes)) + int64(len(d.Key)) + 3*binary.MaxVarintLen64
}

func (d *Done) append(dst []byte) []byte {
	dst = append(dst, d.Key[:]...)
	dst = binary.AppendUvarint(dst, uint64(d.Attempts))
	dst = binary.AppendUvarint(dst, d.Commit)
	dst = appendBytes(dst, d.Result)
	return append(dst, d.Writes...)
}

func (b *Base) append(dst []byte) []byte {
	last := byte(0)
	if b.Last {
		last = 1
	}
	return append(append(dst, last), b.Data...)
}

// decode reads a body. The error says that a writer was wrong: the sum was
// right.
func (r *Record) decode(kind Kind, body []byte) error {
	d := cursor.Cursor{B: body}
	r.Kind = kind
	switch kind {
	case KindDone:
		copy(r.Done.Key[:], d.Take(uint64(len(r.Done.Key))))
		attempts := d.Uvarint()
		d.Bad = d.Bad || attempts > math.MaxUint32
		r.Done.Attempts, r.Done.Commit = uint32(attempts), d.Uvarint()
		r.Done.Result = d.Bytes()
		r.Done.Writes = d.B
	case KindBase:
		last := d.Byte()
		d.Bad = d.Bad || last > 1
		r.Base = Base{Data: d.B, Last: last == 1}
	case KindEnd:
		d.Bad = len(body) > 0
	case KindHeader:
		return fmt.Errorf("a second header")
	default:
		return fmt.Errorf("%w: it has a record of kind %d, which version %d doesn't know: a newer parfor wrote it", ErrVersion, kind, Version)
	}
	if d.Bad {
		return fmt.Errorf("a record of kind %d has the wrong form", kind)
	}
	return nil
}

func appendBytes[B string | []byte](dst []byte, b B) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}
