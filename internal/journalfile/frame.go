package journalfile

import (
	"encoding/binary"
	"hash/crc32"
	"sync"
)

// Kind of a record. A kind that this package doesn't know is an error, never
// skipped: it may change the meaning of the others.
type Kind uint8

// Kinds of records.
const (
	KindHeader Kind = 1 + iota // whose journal it is; the first record, and no other
	KindBase                   // what the dictionaries held before the first item
	KindDone                   // an item is done
	KindEnd                    // the loop went through all its items

	lastKind
)

// A record in the file, all numbers little-endian:
//
//	0  mark    4 bytes, drawn for each file: where to look for a record after damage
//	4  sum     CRC-32C of all from byte 8 on, begun with the start value below
//	8  length  of the body
//	12 batch   how far behind the record its batch begins, see tail.go
//	16 kind
//	17 body
//
// The sum begins with the CRC-32C of the preamble, xor the record's offset (its
// lower half xor its upper half). So records of another file are invalid here,
// and those that were copied elsewhere: a result may well hold a journal.
const frameHead = 17

// castagnoli is made when it is first used, not whenever the program starts.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// preambleSize is that of the magic, the version of the format, and the mark.
const preambleSize = 16

// magic begins with a byte that no text has, and a line feed that a transfer as
// text would change.
const magic = "\x89parfor\n"

// preamble is what all records of a file share.
type preamble struct {
	mark [4]byte
	seed uint32 // sum of the preamble
}

func newPreamble(mark [4]byte) preamble {
	p := preamble{mark: mark}
	p.seed = crc32.Checksum(p.append(nil), castagnoli())
	return p
}

func (p preamble) append(dst []byte) []byte {
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, Version)
	return append(dst, p.mark[:]...)
}

// begin appends the head of a record whose body the caller appends.
func (p preamble) begin(dst []byte, kind Kind) []byte {
	dst = append(dst, p.mark[:]...)
	return append(dst, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(kind))
}

// seal completes the head of a record that lies at the offset.
func (p preamble) seal(frame []byte, offset int64, batch uint32) {
	binary.LittleEndian.PutUint32(frame[8:], uint32(len(frame)-frameHead))
	binary.LittleEndian.PutUint32(frame[12:], batch)
	binary.LittleEndian.PutUint32(frame[4:], p.sum(frame, offset))
}

// sum is that of a record, or of the beginning of one that has at least a head:
// the rest can be added with crc32.Update.
func (p preamble) sum(frame []byte, offset int64) uint32 {
	return crc32.Update(p.seed^uint32(offset)^uint32(offset>>32), castagnoli(), frame[8:])
}

// head is the first part of a record as it was read.
type head struct {
	sum, batch uint32
	length     int64
	kind       Kind
}

// parse takes a head apart and says whether it can be that of a record with so
// many bytes left in the file for it.
func (p preamble) parse(b []byte, left int64) (head, bool) {
	h := head{
		sum:    binary.LittleEndian.Uint32(b[4:]),
		length: int64(binary.LittleEndian.Uint32(b[8:])),
		batch:  binary.LittleEndian.Uint32(b[12:]),
		kind:   Kind(b[16]),
	}
	return h, [4]byte(b) == p.mark && h.length <= MaxRecord && h.length <= left-frameHead
}
