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
	Changes  []Change // what the results among them changed that count, in the order of the stream

	// A snapshot stands for all commits before it. Every result up to Upto is
	// consumed; Done are the items that are over, as borders: from the first to
	// before the second they are, then not up to the third, and so on.
	Snapshot bool
	Upto     uint64
	Done     []uint64
	State    []byte // what all changes before it come to, likewise; Changes are none
	Partial  bool   // that was too much for a message: State is empty
}

// Change is what one item's commit made of dictionaries, true whatever they held
// before (writeset.Sum). Without Bytes they are too large for the log, and the
// writes of the result are what is to be committed again. An item whose result has
// writes and that has no change conflicted, or failed for a limit.
type Change struct {
	Index  int
	Commit uint64 // its number in the owner's order of commits
	Bytes  []byte
}

// AppendCommit appends a commit. Consumed and Done must be ascending.
func AppendCommit(dst []byte, m *Commit) []byte {
	dst = appendBytes(append(dst, Version, flag(m.Snapshot)|flag(m.Partial)<<1), m.Owner)
	dst = binary.AppendUvarint(dst, m.Number)
	dst = binary.AppendUvarint(dst, m.Upto)
	dst = appendRising(dst, m.Consumed)
	dst = appendRising(dst, m.Done)
	dst = binary.AppendUvarint(dst, uint64(len(m.Changes)))
	for _, x := range m.Changes {
		dst = binary.AppendUvarint(dst, uint64(x.Index))
		dst = binary.AppendUvarint(dst, x.Commit)
		dst = appendBytes(dst, x.Bytes)
	}
	return appendBytes(dst, m.State)
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
	flags := c.number(3)
	m := &Commit{Snapshot: flags&1 != 0, Partial: flags&2 != 0, Owner: c.string(), Number: c.uvarint(), Upto: c.uvarint()}
	m.Consumed, m.Done = c.rising(), c.rising()
	for range c.count(3) {
		m.Changes = append(m.Changes, Change{Index: int(c.number(math.MaxInt)), Commit: c.uvarint(), Bytes: c.bytes()})
	}
	m.State = c.bytes()
	return m, c.end()
}

func (c *cursor) rising() (ns []uint64) {
	before := uint64(0)
	for range c.count(1) {
		step := c.uvarint()
		if step > math.MaxUint64-before {
			c.fail()
			return nil
		}
		before += step
		ns = append(ns, before)
	}
	return slices.Clip(ns)
}
