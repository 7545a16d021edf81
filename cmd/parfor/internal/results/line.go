package results

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"sync"
)

// A line of a journal is a JSON object whose last field is a checksum of what
// is before that field:
//
//	{"key":"17","seq":17,…,"crc":"5f0c9a21"}
const (
	sumField = `,"crc":"`
	sumLen   = len(sumField) + 8 + len(`"}`)
)

// castagnoli is made when it is needed: that takes 0.2 ms, which programs that
// write no results need not pay.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// seal puts the checksum, and the end of the line, to the JSON object that
// begins at from and ends b.
func seal(b []byte, from int) []byte {
	b = b[:len(b)-1] // its brace
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.Checksum(b[from:], castagnoli()))
	b = hex.AppendEncode(append(b, sumField...), sum[:])
	return append(b, '"', '}', '\n')
}

// unseal takes the checksum out of a line, which has no end any more. The
// object lacks its last brace. ok is false for anything that seal didn't make.
func unseal(line []byte) (open []byte, ok bool) {
	at := len(line) - sumLen
	if at < 1 || line[0] != '{' {
		return nil, false
	}
	open, tail := line[:at], line[at:]
	if !bytes.HasPrefix(tail, []byte(sumField)) || !bytes.HasSuffix(tail, []byte(`"}`)) {
		return nil, false
	}
	var sum, want [4]byte
	digits := tail[len(sumField) : len(sumField)+8]
	binary.BigEndian.PutUint32(want[:], crc32.Checksum(open, castagnoli()))
	// Lower case alone: else a flipped bit could go unseen.
	if _, err := hex.Decode(sum[:], digits); err != nil || bytes.ContainsAny(digits, "ABCDEF") {
		return nil, false
	}
	return open, sum == want
}
