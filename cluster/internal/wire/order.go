package wire

import (
	"encoding/binary"
	"math"
)

// Action is what an order tells agents to do.
type Action byte

// Actions.
const (
	Cancel  Action = 1 + iota // the loop's context has ended; say which chunks you hold
	Over                      // the loop is over: forget it
	Kill                      // end the worker that runs an item
	actions                   // how many there are, and one
)

// Order is what the owner of a loop tells all agents.
type Order struct {
	Action Action
	Loop   string // its name in subjects
	Index  int    // of the item, for Kill
	Round  uint32
	Cause  []byte // encoded error
}

// AppendOrder appends an order.
func AppendOrder(dst []byte, o *Order) []byte {
	dst = appendBytes(append(dst, Version, byte(o.Action)), o.Loop)
	dst = binary.AppendUvarint(dst, uint64(o.Index))
	dst = binary.AppendUvarint(dst, uint64(o.Round))
	return appendBytes(dst, o.Cause)
}

// DecodeOrder reads an order, whose cause aliases b.
func DecodeOrder(b []byte) (*Order, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	o := &Order{Action: Action(c.Byte()), Loop: c.String(), Index: int(c.Number(math.MaxInt)), Round: uint32(c.Number(math.MaxUint32)), Cause: c.Bytes()}
	if o.Action == 0 || o.Action >= actions {
		c.Fail()
	}
	return o, c.end()
}

// Holding is an agent's answer to Cancel: the chunks of the loop that it still
// has, ascending.
type Holding struct {
	Agent  string
	Chunks []uint64
}

// AppendHolding appends an answer.
func AppendHolding(dst []byte, h *Holding) []byte {
	return appendRising(appendBytes(append(dst, Version), h.Agent), h.Chunks)
}

// DecodeHolding reads an answer.
func DecodeHolding(b []byte) (*Holding, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	h := &Holding{Agent: c.String(), Chunks: c.rising()}
	return h, c.end()
}
