package replica

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"
)

// record is an entry as bytes, in words of 8: the number of the commit that
// wrote it, the lengths of key and value, then both. It never changes; its
// memory is used for another one as soon as no slot points to it, which its
// readers notice.
const recordHead = 16

func recordSize(key, val []byte) int { return recordHead + (len(key)+len(val)+7)/8*8 }

// writeRecord fills the memory of a record.
func writeRecord(p unsafe.Pointer, key, val []byte, commit uint64) {
	words := unsafe.Slice((*uint64)(p), recordSize(key, val)/8)
	storeWord(&words[0], commit)
	storeWord(&words[1], uint64(len(key))<<32|uint64(len(val)))
	rest := words[2:]
	var w [8]byte
	n := 0 // bytes of w that are filled
	for _, b := range [2][]byte{key, val} {
		if n > 0 {
			k := copy(w[n:], b)
			if n, b = n+k, b[k:]; n == 8 {
				storeWord(&rest[0], binary.LittleEndian.Uint64(w[:]))
				rest, n = rest[1:], 0
			}
		}
		for ; len(b) >= 8; b = b[8:] {
			storeWord(&rest[0], binary.LittleEndian.Uint64(b))
			rest = rest[1:]
		}
		if len(b) > 0 {
			clear(w[:])
			n = copy(w[:], b)
		}
	}
	if n > 0 {
		clear(w[n:])
		storeWord(&rest[0], binary.LittleEndian.Uint64(w[:]))
	}
}

// lengthsAt returns the lengths of a record's key and value.
func lengthsAt(p unsafe.Pointer) (key, val uint64) {
	n := atomic.LoadUint64((*uint64)(unsafe.Add(p, 8)))
	return n >> 32, n & (1<<32 - 1)
}

// sameKey compares a record's key.
func sameKey(p unsafe.Pointer, key []byte) bool {
	at := unsafe.Add(p, recordHead)
	for ; len(key) >= 8; key, at = key[8:], unsafe.Add(at, 8) {
		if atomic.LoadUint64((*uint64)(at)) != binary.LittleEndian.Uint64(key) {
			return false
		}
	}
	if len(key) == 0 {
		return true
	}
	var a, b [8]byte
	copy(a[:], key)
	binary.LittleEndian.PutUint64(b[:], atomic.LoadUint64((*uint64)(at)))
	clear(b[len(key):])
	return a == b
}

// copyBytes appends n bytes of a record that begin skip bytes after its head,
// word by word: a plain copy could be moved behind the check that follows.
func copyBytes(dst []byte, p unsafe.Pointer, skip, n uint64) []byte {
	if n == 0 {
		return dst
	}
	at := unsafe.Add(p, recordHead+skip&^7)
	var w [8]byte
	if off := skip & 7; off > 0 {
		binary.LittleEndian.PutUint64(w[:], atomic.LoadUint64((*uint64)(at)))
		k := min(8-off, n)
		dst = append(dst, w[off:off+k]...)
		at, n = unsafe.Add(at, 8), n-k
	}
	for ; n >= 8; at, n = unsafe.Add(at, 8), n-8 {
		dst = binary.LittleEndian.AppendUint64(dst, atomic.LoadUint64((*uint64)(at)))
	}
	if n > 0 {
		binary.LittleEndian.PutUint64(w[:], atomic.LoadUint64((*uint64)(at)))
		dst = append(dst, w[:n]...)
	}
	return dst
}
