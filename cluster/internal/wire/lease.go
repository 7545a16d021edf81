package wire

import (
	"encoding/binary"
	"math"
	"time"
)

// Lease says that a program lives, which owns a named loop or all others that it
// began: for as long as it writes the lease anew, once in a third of Life at
// least.
type Lease struct {
	Owner string
	Host  string // for people
	PID   int
	Life  time.Duration
	Keep  time.Duration // how long what it owns is kept after that
	Free  bool          // nobody owns it: the loop ended before all items had results

	// Of a named loop.
	Run    uint64 // of the owner
	Origin uint64 // of the first one: the keys of items are made with it
	Print  string // which function it runs, on what
	Sealed bool   // all items are in the cluster:
	Items  uint64 // that many
}

// AppendLease appends a lease.
func AppendLease(dst []byte, l *Lease) []byte {
	dst = appendBytes(append(dst, Version, flag(l.Free)|flag(l.Sealed)<<1), l.Owner)
	dst = binary.AppendUvarint(appendBytes(dst, l.Host), uint64(l.PID))
	for _, n := range []uint64{uint64(l.Life), uint64(l.Keep), l.Run, l.Origin, l.Items} {
		dst = binary.AppendUvarint(dst, n)
	}
	return appendBytes(dst, l.Print)
}

// DecodeLease reads a lease.
func DecodeLease(b []byte) (*Lease, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	flags := c.Number(3)
	l := &Lease{Free: flags&1 != 0, Sealed: flags&2 != 0, Owner: c.String(), Host: c.String(), PID: int(c.Number(math.MaxInt32)),
		Life: time.Duration(c.Number(math.MaxInt64)), Keep: time.Duration(c.Number(math.MaxInt64)),
		Run: c.Uvarint(), Origin: c.Uvarint(), Items: c.Number(math.MaxInt), Print: c.String()}
	return l, c.end()
}
