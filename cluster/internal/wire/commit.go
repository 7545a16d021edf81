package wire

import (
	"encoding/binary"
	"math"
	"slices"
)

// Commit is a message of a loop's commit log: what its owner takes as results,
// before anybody sees them. The log's last message is the fence: who doesn't
// know its sequence owns the loop no more.
type Commit struct {
	Owner    string   // who wrote it
	Number   uint64   // of the commit, from 1
	Consumed []uint64 // sequences in the results stream, ascending

	// Of a loop with a name: the items among them that ended otherwise than their
	// result says (they conflicted, say), and what the others made of dictionaries.
	Refused []int
	Changes []Change

	// A snapshot stands for all commits before it. Every result up to Upto is
	// consumed; Done are the items that are over, as borders: from the first to
	// before the second they are, then not up to the third, and so on.
	Snapshot bool
	Upto     uint64
	Done     []uint64
}

// Change is what one commit made of dictionaries, as a record of a journal has it.
type Change struct {
	Number uint64 // of the commit, in the owner's order
	Bytes  []byte
	Away   bool // Bytes are a reference
}

// AppendCommit appends a commit. Consumed and Done must be ascending.
func AppendCommit(dst []byte, m *Commit) []byte {
	dst = appendBytes(append(dst, Version, flag(m.Snapshot)), m.Owner)
	dst = binary.AppendUvarint(dst, m.Number)
	dst = binary.AppendUvarint(dst, m.Upto)
	dst = appendRising(dst, m.Consumed)
	dst = appendRising(dst, m.Done)
	dst = binary.AppendUvarint(dst, uint64(len(m.Refused)))
	for _, i := range m.Refused {
		dst = binary.AppendUvarint(dst, uint64(i))
	}
	dst = binary.AppendUvarint(dst, uint64(len(m.Changes)))
	for _, x := range m.Changes {
		dst = binary.AppendUvarint(dst, x.Number)
		dst = appendBytes(append(dst, flag(x.Away)), x.Bytes)
	}
	return dst
}

// appendRising appends ascending numbers as the distances between them.
func appendRising(dst []byte, ns []uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(ns)))
	before := uint64(0)
	for _, n := range ns {
		dst = binary.AppendUvarint(dst, n-before)
		before = n
	}
	return dst
}

// DecodeCommit reads a commit.
func DecodeCommit(b []byte) (*Commit, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	m := &Commit{Snapshot: c.Number(1) != 0, Owner: c.String(), Number: c.Uvarint(), Upto: c.Uvarint()}
	m.Consumed, m.Done = c.rising(), c.rising()
	for range c.Entries(1) {
		m.Refused = append(m.Refused, int(c.Number(math.MaxInt)))
	}
	for range c.Entries(3) {
		m.Changes = append(m.Changes, Change{Number: c.Uvarint(), Away: c.Number(1) != 0, Bytes: c.Bytes()})
	}
	return m, c.end()
}

func (c *reader) rising() (ns []uint64) {
	before := uint64(0)
	for range c.Entries(1) {
		step := c.Uvarint()
		if step > math.MaxUint64-before {
			c.Fail()
			return nil
		}
		before += step
		ns = append(ns, before)
	}
	return slices.Clip(ns)
}
