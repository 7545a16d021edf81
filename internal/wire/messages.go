package wire

import (
	"encoding/binary"
	"errors"
	"time"

	"parfor.dev/parfor/internal/cursor"
)

var errShort = errors.New("parfor: a message is cut short")

// Arg is a named encoded value.
type Arg struct {
	Name    string
	Encoded []byte
}

// Loop is the payload of Open: what the tasks of a loop need beside the body.
type Loop struct {
	ID      uint32
	Name    string
	Timeout time.Duration // of an attempt; 0: none
	Left    time.Duration // until the loop's deadline, if it has one
	Limited bool

	Serializable bool // every read of a dictionary counts

	Journal []byte // see task.Loop
	Ignores []string

	Args   []Arg
	Values []Arg
}

// AppendLoop encodes l.
func AppendLoop(dst []byte, l *Loop) []byte {
	dst = binary.AppendUvarint(dst, uint64(l.ID))
	dst = appendBytes(dst, l.Name)
	dst = binary.AppendVarint(dst, int64(l.Timeout))
	dst = binary.AppendVarint(dst, int64(l.Left))
	dst = append(dst, flag(l.Limited), flag(l.Serializable))
	dst = binary.AppendUvarint(appendBytes(dst, l.Journal), uint64(len(l.Ignores)))
	for _, name := range l.Ignores {
		dst = appendBytes(dst, name)
	}
	for _, args := range [][]Arg{l.Args, l.Values} {
		dst = binary.AppendUvarint(dst, uint64(len(args)))
		for _, a := range args {
			dst = appendBytes(dst, a.Name)
			dst = appendBytes(dst, a.Encoded)
		}
	}
	return dst
}

// DecodeLoop decodes what AppendLoop wrote. It copies nothing.
func DecodeLoop(b []byte) (*Loop, error) {
	d := decoder{cursor.Cursor{B: b}}
	l := &Loop{ID: uint32(d.Uvarint()), Name: string(d.Bytes()), Timeout: time.Duration(d.Varint()),
		Left: time.Duration(d.Varint()), Limited: d.Byte() != 0, Serializable: d.Byte() != 0, Journal: d.Bytes()}
	for n := d.Uvarint(); n > 0 && !d.Bad; n-- {
		l.Ignores = append(l.Ignores, string(d.Bytes()))
	}
	for _, args := range []*[]Arg{&l.Args, &l.Values} {
		for n := d.Uvarint(); n > 0 && !d.Bad; n-- {
			*args = append(*args, Arg{Name: string(d.Bytes()), Encoded: d.Bytes()})
		}
	}
	if d.Bad {
		return nil, errShort
	}
	return l, nil
}

// AppendCancel encodes the number of a loop and the cause of its end.
func AppendCancel(dst []byte, loop uint32, cause []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, loop), cause...)
}

// DecodeCancel decodes what AppendCancel wrote, and the payload of Close.
func DecodeCancel(b []byte) (loop uint32, cause []byte, err error) {
	if len(b) < 4 {
		return 0, nil, errShort
	}
	return binary.LittleEndian.Uint32(b), b[4:], nil
}

// AppendCall encodes a request (tag is its kind) or a reply (tag 1: an error).
func AppendCall(dst []byte, id uint64, tag uint8, payload []byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(dst, id), tag), payload...)
}

// DecodeCall decodes what AppendCall wrote.
func DecodeCall(b []byte) (id uint64, tag uint8, payload []byte, err error) {
	if len(b) < 9 {
		return 0, 0, nil, errShort
	}
	return binary.LittleEndian.Uint64(b), b[8], b[9:], nil
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendBytes[B string | []byte](dst []byte, b B) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

type decoder struct{ cursor.Cursor }
