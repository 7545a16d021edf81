package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Version of the formats of this package. It is the first byte of every
// message; a reader refuses what it doesn't know.
const Version = 1

var (
	// ErrMalformed means that bytes are no message of this kind.
	ErrMalformed = errors.New("parfor: a message of the cluster is malformed")
	// ErrVersion means that a message was written by another release.
	ErrVersion = errors.New("parfor: a message of the cluster has another version than this program knows: update the older one")
)

// cursor reads a message from its start. After the first failure everything it
// returns is zero, and it stays bad.
type cursor struct {
	b   []byte
	bad bool
}

// begin checks the version.
func begin(b []byte) (cursor, error) {
	if len(b) == 0 {
		return cursor{}, ErrMalformed
	}
	if b[0] != Version {
		return cursor{}, fmt.Errorf("%w (theirs is %d, ours %d)", ErrVersion, b[0], Version)
	}
	return cursor{b: b[1:]}, nil
}

// end is the error of a whole message: it must have been read to its end.
func (c *cursor) end() error {
	if c.bad || len(c.b) > 0 {
		return ErrMalformed
	}
	return nil
}

func (c *cursor) fail() { c.bad, c.b = true, nil }

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

// number reads an uvarint of at most limit.
func (c *cursor) number(limit uint64) uint64 {
	v := c.uvarint()
	if v > limit {
		c.fail()
		return 0
	}
	return v
}

// count reads how many entries follow, each of at least size bytes: what is
// made for them is bounded by what is there.
func (c *cursor) count(size int) int { return int(c.number(uint64(len(c.b) / size))) }

func (c *cursor) byte() byte {
	if len(c.b) == 0 {
		c.fail()
		return 0
	}
	b := c.b[0]
	c.b = c.b[1:]
	return b
}

// bytes reads a length and that many bytes, which alias the message.
func (c *cursor) bytes() []byte { return c.next(c.uvarint()) }

// next reads that many bytes, which alias the message.
func (c *cursor) next(n uint64) []byte {
	if c.bad || n > uint64(len(c.b)) {
		c.fail()
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) string() string { return string(c.bytes()) }

func appendBytes[B string | []byte](dst []byte, b B) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
