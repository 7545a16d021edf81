package wire

import (
	"encoding/binary"
	"math"
)

// Kept is an item of a named loop, as the cluster keeps it.
type Kept struct {
	Index int
	Away  bool // Bytes are a reference to what is elsewhere
	Bytes []byte
}

// AppendPageHead appends the head of a page of n kept items; as many of
// [AppendKept] follow.
func AppendPageHead(dst []byte, n int) []byte {
	return binary.AppendUvarint(append(dst, Version), uint64(n))
}

// AppendKept appends an item whose bytes are head and tail, or a reference.
func AppendKept(dst []byte, index int, away bool, head, tail []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(index))
	dst = binary.AppendUvarint(dst, uint64(len(head)+len(tail))<<1|uint64(flag(away)))
	return append(append(dst, head...), tail...)
}

// DecodePage reads a page, whose items alias b.
func DecodePage(b []byte) (items []Kept, err error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	for range c.Entries(2) {
		k := Kept{Index: int(c.Number(math.MaxInt))}
		size := c.Uvarint()
		k.Away, k.Bytes = size&1 != 0, c.Take(size>>1)
		items = append(items, k)
	}
	return items, c.end()
}
