package wire

import (
	"encoding/binary"
	"time"
)

// Spec is what the items of a loop share: the loop's record in the loops
// stream, which agents read when they first meet the loop.
type Spec struct {
	Name         string
	Body         string
	Timeout      time.Duration
	Grace        time.Duration
	Serializable bool
	Owner        uint64 // who has its dictionaries
	Program, Run uint64 // for the keys of its tasks
	Journal      []byte
	Ignores      []string
	Args, Values []Arg
	Away         []byte // if it isn't empty, a reference to the spec, and the rest is empty
}

// Arg is a named encoded value.
type Arg struct {
	Name    string
	Encoded []byte
}

// AppendSpec appends a spec.
func AppendSpec(dst []byte, s *Spec) []byte {
	dst = appendBytes(appendBytes(append(dst, Version), s.Name), s.Body)
	dst = binary.AppendVarint(dst, int64(s.Timeout))
	dst = binary.AppendVarint(dst, int64(s.Grace))
	dst = append(dst, flag(s.Serializable))
	dst = binary.AppendUvarint(dst, s.Owner)
	dst = binary.AppendUvarint(dst, s.Program)
	dst = binary.AppendUvarint(dst, s.Run)
	dst = binary.AppendUvarint(appendBytes(dst, s.Journal), uint64(len(s.Ignores)))
	for _, name := range s.Ignores {
		dst = appendBytes(dst, name)
	}
	for _, args := range [][]Arg{s.Args, s.Values} {
		dst = binary.AppendUvarint(dst, uint64(len(args)))
		for _, a := range args {
			dst = appendBytes(appendBytes(dst, a.Name), a.Encoded)
		}
	}
	return appendBytes(dst, s.Away)
}

// DecodeSpec reads a spec, whose encoded values alias b.
func DecodeSpec(b []byte) (*Spec, error) {
	c, err := begin(b)
	if err != nil {
		return nil, err
	}
	s := &Spec{Name: c.String(), Body: c.String(), Timeout: time.Duration(c.Varint()), Grace: time.Duration(c.Varint()),
		Serializable: c.Number(1) != 0, Owner: c.Uvarint(), Program: c.Uvarint(), Run: c.Uvarint(), Journal: c.Bytes()}
	for range c.Entries(1) {
		s.Ignores = append(s.Ignores, c.String())
	}
	for _, args := range []*[]Arg{&s.Args, &s.Values} {
		for range c.Entries(2) {
			*args = append(*args, Arg{Name: c.String(), Encoded: c.Bytes()})
		}
	}
	s.Away = c.Bytes()
	return s, c.end()
}
