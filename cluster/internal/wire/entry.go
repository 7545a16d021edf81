package wire

import (
	"encoding/binary"
	"math"
)

// Entry is an agent's entry in the registry.
type Entry struct {
	Host     string
	PID      int
	Slots    int
	Draining bool
	Lanes    []string
}

// maxSlots bounds what an agent can claim to be.
const maxSlots = 1 << 20

// AppendEntry appends an entry.
func AppendEntry(dst []byte, e *Entry) []byte {
	dst = appendBytes(append(dst, Version, flag(e.Draining)), e.Host)
	dst = binary.AppendUvarint(dst, uint64(e.PID))
	dst = binary.AppendUvarint(dst, uint64(e.Slots))
	dst = binary.AppendUvarint(dst, uint64(len(e.Lanes)))
	for _, name := range e.Lanes {
		dst = appendBytes(dst, name)
	}
	return dst
}

// DecodeEntry reads an entry.
func DecodeEntry(b []byte) (*Entry, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	e := &Entry{Draining: c.Number(1) != 0, Host: c.String(), PID: int(c.Number(math.MaxInt32)), Slots: int(c.Number(maxSlots))}
	for range c.Entries(1) {
		e.Lanes = append(e.Lanes, c.String())
	}
	return e, c.end()
}
