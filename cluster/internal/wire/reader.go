package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"parfor.dev/parfor/internal/cursor"
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

// reader reads a message from its start.
type reader struct{ cursor.Cursor }

// begin checks the version.
func begin(b []byte) (reader, error) {
	if len(b) == 0 {
		return reader{}, ErrMalformed
	}
	if b[0] != Version {
		return reader{}, fmt.Errorf("%w (theirs is %d, ours %d)", ErrVersion, b[0], Version)
	}
	return reader{cursor.Cursor{B: b[1:]}}, nil
}

// end is the error of a whole message: it must have been read to its end.
func (c *reader) end() error {
	if !c.Whole() {
		return ErrMalformed
	}
	return nil
}

func appendBytes[B string | []byte](dst []byte, b B) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
