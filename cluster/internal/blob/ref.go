package blob

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"sync"
)

// Ref says where the bytes are and what they must be.
type Ref struct {
	Name   string // within the loop: one token of a subject
	Size   int
	Pieces int
	Sum    uint32 // CRC-32C
}

// ErrMissing means that pieces are not there, or are not what was stored.
var ErrMissing = errors.New("parfor: the cluster does not have the bytes")

// castagnoli takes a quarter of a millisecond to make, which most programs that
// link this never need.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

const refVersion = 1

// most bounds what a reference may claim: 1 TiB.
const most = 1 << 40

// Is reports whether bytes, head and tail, are those that the reference is to.
func (r Ref) Is(head, tail []byte) bool {
	return len(head)+len(tail) == r.Size && sum(head, tail) == r.Sum
}

func sum(head, tail []byte) uint32 {
	return crc32.Update(crc32.Checksum(head, castagnoli()), castagnoli(), tail)
}

// Append appends a reference.
func (r Ref) Append(dst []byte) []byte {
	dst = append(dst, refVersion)
	dst = binary.AppendUvarint(dst, uint64(r.Size))
	dst = binary.AppendUvarint(dst, uint64(r.Pieces))
	dst = binary.BigEndian.AppendUint32(dst, r.Sum)
	return append(dst, r.Name...)
}

// Parse reads what Append made.
func Parse(b []byte) (r Ref, err error) {
	bad := fmt.Errorf("%w: the reference is malformed", ErrMissing)
	if len(b) == 0 || b[0] != refVersion {
		return r, bad
	}
	b = b[1:]
	for _, to := range []*int{&r.Size, &r.Pieces} {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > min(most, math.MaxInt) {
			return Ref{}, bad
		}
		*to, b = int(v), b[n:]
	}
	if len(b) < 5 || r.Pieces < 1 || r.Pieces > r.Size {
		return Ref{}, bad
	}
	r.Sum, r.Name = binary.BigEndian.Uint32(b), string(b[4:])
	for _, c := range []byte(r.Name) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' {
			return Ref{}, bad
		}
	}
	return r, nil
}
