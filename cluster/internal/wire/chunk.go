package wire

import (
	"encoding/binary"
	"math"
	"time"
)

// MaxItems bounds the items of one chunk.
const MaxItems = 1 << 12

// Chunk is a message of the tasks stream: items of one loop that travel
// together. Which loop, and which of its chunks, its subject says.
type Chunk struct {
	Serial  bool          // no two of its items may run at once
	Limited bool          // the loop has a deadline,
	Left    time.Duration // which was that far away when the chunk was sent
	Items   []Item
}

// Item is one attempt of one item.
type Item struct {
	Index   int
	Attempt int32
	Round   uint32 // the owner's number for this sending of the item, from 0
	Away    bool   // Bytes are a reference to what is elsewhere
	Bytes   []byte
}

// ChunkOverhead is more than a chunk and each of its items take beside the
// items' bytes.
const ChunkOverhead = 64

// AppendChunkHead appends a chunk without its items; n of [AppendItem] follow.
func AppendChunkHead(dst []byte, c *Chunk, n int) []byte {
	dst = append(dst, Version, flag(c.Serial)|flag(c.Limited)<<1)
	dst = binary.AppendVarint(dst, int64(c.Left))
	return binary.AppendUvarint(dst, uint64(n))
}

// AppendItem appends an item whose bytes are head and tail.
func AppendItem(dst []byte, it *Item, head, tail []byte) []byte {
	return append(append(AppendItemHead(dst, it, len(head)+len(tail)), head...), tail...)
}

// AppendItemHead appends an item without its bytes; n of them follow.
func AppendItemHead(dst []byte, it *Item, n int) []byte {
	dst = binary.AppendUvarint(dst, uint64(it.Index))
	dst = binary.AppendUvarint(dst, uint64(it.Attempt))
	dst = binary.AppendUvarint(dst, uint64(it.Round))
	return binary.AppendUvarint(dst, uint64(n)<<1|uint64(flag(it.Away)))
}

// DecodeChunk reads a chunk, whose items alias b.
func DecodeChunk(b []byte) (*Chunk, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	flags := c.Byte()
	ch := &Chunk{Serial: flags&1 != 0, Limited: flags&2 != 0, Left: time.Duration(c.Varint())}
	n := c.Entries(4)
	if flags > 3 || n > MaxItems {
		return nil, ErrMalformed
	}
	ch.Items = make([]Item, 0, n)
	for range n {
		it := Item{Index: int(c.Number(math.MaxInt)), Attempt: int32(c.Number(math.MaxInt32)), Round: uint32(c.Number(math.MaxUint32))}
		size := c.Uvarint()
		it.Away, it.Bytes = size&1 != 0, c.Take(size>>1)
		ch.Items = append(ch.Items, it)
	}
	return ch, c.end()
}
