package cursor

import (
	"encoding/binary"
	"testing"
)

// message has one of everything.
func message() []byte {
	b := binary.AppendUvarint(nil, 300)
	b = binary.AppendVarint(b, -7)
	b = append(b, 9)
	b = append(binary.AppendUvarint(b, 4), "text"...)
	b = append(binary.AppendUvarint(b, 2), "ab"...)
	return append(b, 2, 5, 6) // entries
}

func read(b []byte) (c Cursor, same bool) {
	c.B = b
	same = c.Uvarint() == 300
	same = c.Varint() == -7 && same
	same = c.Byte() == 9 && same
	same = c.String() == "text" && same
	same = string(c.Bytes()) == "ab" && same
	same = c.Entries(1) == 2 && same
	same = c.Number(5) == 5 && same
	return c, c.Byte() == 6 && same
}

// What was written is read back; what ends early is bad, wherever it does.
func TestCursor(t *testing.T) {
	b := message()
	if c, same := read(b); !same || !c.Whole() {
		t.Errorf("%+v, %v", c, same)
	}
	if c, _ := read(append(b, 1)); c.Bad || c.Whole() {
		t.Errorf("with something behind it: %+v", c)
	}
	for n := range b {
		if c, _ := read(b[:n]); !c.Bad || c.Whole() || c.Uvarint() != 0 {
			t.Errorf("%d bytes: %+v", n, c)
		}
	}
}

// What claims too much is bad: a number over its limit, entries or bytes that
// can't be there.
func TestBounds(t *testing.T) {
	for what, f := range map[string]func(c *Cursor) bool{
		"number":  func(c *Cursor) bool { return c.Number(3) == 0 },
		"entries": func(c *Cursor) bool { return c.Entries(1) == 0 },
		"wide":    func(c *Cursor) bool { c.B[0] = 2; return c.Entries(2) == 0 },
		"bytes":   func(c *Cursor) bool { return c.Bytes() == nil },
		"take":    func(c *Cursor) bool { return c.Take(1<<63) == nil },
	} {
		c := &Cursor{B: []byte{4, 1, 1, 1}}
		if !f(c) || !c.Bad || c.B != nil {
			t.Errorf("%s: %+v", what, c)
		}
	}
	c := &Cursor{B: []byte{1, 2}}
	if b := append(c.Take(1), 9); c.Byte() != 2 || b[1] != 9 {
		t.Error("appending to what was read changes what comes after it")
	}
}
