// Package cursor reads what was appended to bytes with package encoding/binary:
// numbers, and bytes behind their length. The formats of messages and files are
// made of those.
package cursor

import "encoding/binary"

// Cursor reads B from its start. After the first failure everything it returns is
// zero, and it stays bad: who reads looks once, at the end.
type Cursor struct {
	B   []byte // what is left
	Bad bool
}

// Fail makes the cursor bad.
func (c *Cursor) Fail() { c.Bad, c.B = true, nil }

// Whole reports whether everything was read, and nothing was missing.
func (c *Cursor) Whole() bool { return !c.Bad && len(c.B) == 0 }

// Uvarint reads a number written by binary.AppendUvarint.
func (c *Cursor) Uvarint() uint64 {
	v, n := binary.Uvarint(c.B)
	return skip(c, v, n)
}

// Varint reads a number written by binary.AppendVarint.
func (c *Cursor) Varint() int64 {
	v, n := binary.Varint(c.B)
	return skip(c, v, n)
}

func skip[V uint64 | int64](c *Cursor, v V, n int) V {
	if n <= 0 {
		c.Fail()
		return 0
	}
	c.B = c.B[n:]
	return v
}

// Number reads an uvarint of at most limit.
func (c *Cursor) Number(limit uint64) uint64 {
	v := c.Uvarint()
	if v > limit {
		c.Fail()
		return 0
	}
	return v
}

// Entries reads how many entries follow, each of at least size bytes: what is made
// for them is bounded by what is there.
func (c *Cursor) Entries(size int) int {
	n := c.Uvarint()
	if n > uint64(len(c.B)/size) {
		c.Fail()
		return 0
	}
	return int(n)
}

// Byte reads one byte.
func (c *Cursor) Byte() byte {
	if b := c.Take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// Bytes reads a length and that many bytes, which alias B.
func (c *Cursor) Bytes() []byte { return c.Take(c.Uvarint()) }

// String reads a length and that many bytes, as a string.
func (c *Cursor) String() string { return string(c.Bytes()) }

// Take reads that many bytes, which alias B.
func (c *Cursor) Take(n uint64) []byte {
	if c.Bad || n > uint64(len(c.B)) {
		c.Fail()
		return nil
	}
	b := c.B[:n:n]
	c.B = c.B[n:]
	return b
}
