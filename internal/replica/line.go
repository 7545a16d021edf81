package replica

import (
	"sync/atomic"
	"unsafe"
)

// line is 64 bytes, one cache line: a control word, and three slots of a key and
// a value. Slots are filled in order. A slot keeps its key for the life of its
// segment: when the key goes, only its live bit does, and nobody else gets the
// slot. So whoever sees a key in a slot sees a value of that key beside it.
type line struct {
	control uint64 // bit i: slot i is used; bit i+4: it is live
	slots   [slotsPerLine]struct{ key, value uint64 }
	_       uint64
}

const (
	lineSize     = 64
	slotsPerLine = 3
	lastUsed     = 1 << (slotsPerLine - 1)
)

// lineAt returns line i of a segment.
func lineAt(base unsafe.Pointer, i uint64) *line { return (*line)(unsafe.Add(base, i*lineSize)) }

// has returns which slot of a line holds a key, as the slot's bit in the control
// word c, and 0 for none. It looks at all slots, whatever they hold: a branch
// for each would be foretold wrongly half of the time, and that shows only once
// the line has come from memory, so that nothing after it could begin early.
func (l *line) has(c, k uint64) uint64 {
	return c & (bit(atomic.LoadUint64(&l.slots[0].key) == k) |
		bit(atomic.LoadUint64(&l.slots[1].key) == k)<<1 |
		bit(atomic.LoadUint64(&l.slots[2].key) == k)<<2)
}

// bit is an instruction, no branch.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// probe looks a key up in a segment that somebody may be writing to. What it
// finds counts only if the segment is still the shard's afterwards.
func probe(base unsafe.Pointer, mask, h, k uint64) (v uint64, ok bool) {
	for n, i := uint64(0), h&mask; n <= mask; n, i = n+1, (i+1)&mask {
		l := lineAt(base, i)
		c := atomic.LoadUint64(&l.control)
		if at := l.has(c, k); at != 0 {
			if c>>4&at == 0 {
				return 0, false
			}
			return atomic.LoadUint64(&l.slots[at>>1].value), true
		}
		if c&lastUsed == 0 {
			return 0, false
		}
	}
	return 0, false
}
