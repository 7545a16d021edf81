package wire

import (
	"encoding/binary"
	"math"
	"time"
)

// Kind says how an attempt ended.
type Kind byte

// Kinds of ends.
const (
	OK        Kind = 1 + iota // Bytes are the result
	Failed                    // Bytes are the error
	Unstarted                 // the body never began, or nobody knows: Bytes are empty
	Poisoned                  // its agents died, one after the other; Bytes are the error
	Lost                      // the cluster does not have the item; Bytes are the error
	last
)

// Proposal is what an agent says of one attempt. It counts if the owner says so.
type Proposal struct {
	Index  int
	Round  uint32
	Kind   Kind
	Worker int // of the agent
	PID    int
	Took   time.Duration
	Away   bool // Bytes are a reference to what is elsewhere, and Writes are there, too
	Bytes  []byte
	Writes []byte // what the attempt did to dictionaries; if it failed, what it observed of them
}

const away = 0x80 // beside the kind

// Part is a message of the results stream: proposals for items of one chunk.
// The subject names the loop, and item and round of the first.
type Part struct {
	Agent     string
	Proposals []Proposal
}

// AppendPartHead appends a part without its proposals; n of [AppendProposal]
// follow.
func AppendPartHead(dst []byte, agent string, n int) []byte {
	return binary.AppendUvarint(appendBytes(append(dst, Version), agent), uint64(n))
}

// AppendProposal appends a proposal.
func AppendProposal(dst []byte, p *Proposal) []byte {
	dst = binary.AppendUvarint(dst, uint64(p.Index))
	dst = binary.AppendUvarint(dst, uint64(p.Round))
	dst = append(dst, byte(p.Kind)|flag(p.Away)*away)
	dst = binary.AppendUvarint(dst, uint64(p.Worker))
	dst = binary.AppendUvarint(dst, uint64(p.PID))
	dst = binary.AppendUvarint(dst, uint64(max(0, p.Took)))
	return appendBytes(appendBytes(dst, p.Bytes), p.Writes)
}

// AppendAwayHead begins what a proposal that is too large has elsewhere: its
// writes, then the rest is its bytes.
func AppendAwayHead(dst, writes []byte) []byte { return appendBytes(dst, writes) }

// SplitAway reads what is elsewhere; both alias b.
func SplitAway(b []byte) (bytes, writes []byte, err error) {
	c := reader{}
	c.B = b
	writes = c.Bytes()
	if c.Bad {
		return nil, nil, ErrMalformed
	}
	return c.B, writes, nil
}

// LengthSize is how many bytes the length of n bytes takes.
func LengthSize(n int) int { return len(binary.AppendUvarint(nil, uint64(n))) }

// DecodePart reads a part, whose proposals alias b.
func DecodePart(b []byte) (*Part, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	p := &Part{Agent: c.String()}
	n := c.Entries(8)
	if n > MaxItems {
		return nil, ErrMalformed
	}
	p.Proposals = make([]Proposal, 0, n)
	for range n {
		q := Proposal{Index: int(c.Number(math.MaxInt)), Round: uint32(c.Number(math.MaxUint32)), Kind: Kind(c.Byte()),
			Worker: int(c.Number(math.MaxInt32)), PID: int(c.Number(math.MaxInt32)), Took: time.Duration(c.Number(math.MaxInt64)), Bytes: c.Bytes(), Writes: c.Bytes()}
		q.Away, q.Kind = q.Kind&away != 0, q.Kind&^away
		if q.Kind == 0 || q.Kind >= last {
			c.Fail()
		}
		p.Proposals = append(p.Proposals, q)
	}
	return p, c.end()
}
