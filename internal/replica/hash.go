package replica

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// Shards of every table: enough that one is small when it is doubled (10
// thousand entries of 10 million) and that committers seldom meet.
const Shards = 1024

const shardShift = 64 - 10

// seed makes the places of keys different in each table, so that nobody can
// choose keys that collide.
func seed() uint64 { return rand.Uint64() | 1 }

// hashWord hashes a key of a table of words. The keys of a block (see run) have
// all but the last 32 bits in common, so they are in one shard, and different
// places among its lines.
func hashWord(seed, k uint64) uint64 {
	return mix(k>>runShift^seed) ^ k%runKeys*inBlock
}

// inBlock is odd and has 26 bits: times 63 it is less than 2^32, and the places
// of a block's keys differ.
const inBlock = 0x3c6ef35

// mix spreads a word over all bits (the finalizer of MurmurHash3).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// hashBytes hashes a key by folded multiplications, as wyhash does.
func hashBytes(seed uint64, b []byte) uint64 {
	h := seed ^ uint64(len(b))*0x9e3779b97f4a7c15
	for ; len(b) >= 8; b = b[8:] {
		h = fold(h^binary.LittleEndian.Uint64(b), 0xa0761d6478bd642f)
	}
	if len(b) > 0 {
		var tail [8]byte
		copy(tail[:], b)
		h = fold(h^binary.LittleEndian.Uint64(tail[:]), 0xe7037ed1a0b428db)
	}
	return mix(h)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
