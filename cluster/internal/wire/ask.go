package wire

import (
	"encoding/binary"
	"math"
)

// Ask is a question of a task about a dictionary, which its agent brings to the
// program that owns the loop.
type Ask struct {
	Loop  string // its name in subjects
	Agent string

	// Number tells the agent's questions apart: one that comes twice, for the
	// answer was lost, is answered twice and done once. Those below Done are
	// answered and don't come again.
	Number, Done uint64

	Index    int // of the item, and its round: a task that is over, or somebody else's by now, gets no answer
	Round    uint32
	Claimant uint64 // who claims for the attempt

	// After is a sequence in the results stream: what the agent's tasks had
	// finished before the question. The answer comes after their commits.
	After uint64

	Kind byte // of the question; see package call
	Req  []byte
}

// AppendAsk appends a question.
func AppendAsk(dst []byte, a *Ask) []byte {
	dst = appendBytes(appendBytes(append(dst, Version), a.Loop), a.Agent)
	for _, n := range []uint64{a.Number, a.Done, uint64(a.Index), uint64(a.Round), a.Claimant, a.After} {
		dst = binary.AppendUvarint(dst, n)
	}
	return appendBytes(append(dst, a.Kind), a.Req)
}

// DecodeAsk reads a question, whose Req aliases b.
func DecodeAsk(b []byte) (*Ask, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	a := &Ask{Loop: c.String(), Agent: c.String(), Number: c.Uvarint(), Done: c.Uvarint(), Index: int(c.Number(math.MaxInt)),
		Round: uint32(c.Number(math.MaxUint32)), Claimant: c.Uvarint(), After: c.Uvarint(), Kind: c.Byte(), Req: c.Bytes()}
	return a, c.end()
}

// Answer is what the owner says.
type Answer struct {
	Number uint64
	Failed bool // Bytes are a text
	Bytes  []byte
}

// AppendAnswer appends an answer.
func AppendAnswer(dst []byte, a *Answer) []byte {
	dst = binary.AppendUvarint(append(dst, Version, flag(a.Failed)), a.Number)
	return appendBytes(dst, a.Bytes)
}

// DecodeAnswer reads an answer, whose Bytes alias b.
func DecodeAnswer(b []byte) (*Answer, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	a := &Answer{Failed: c.Number(1) != 0, Number: c.Uvarint(), Bytes: c.Bytes()}
	return a, c.end()
}
