package replica

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"parfor.dev/parfor/internal/arena"
)

// ErrRetired means that the table ended, or moved out of shared memory: ask its
// owner.
var ErrRetired = errors.New("replica: the table is gone")

const (
	kindWords   = 0x776f7264
	kindRecords = 0x7265636f
)

// root is the beginning of a table in shared memory. A word of the directory
// says where the segment of a shard lies:
//
//	generation (16 bits) | logarithm of its lines (6) | bits of the number of its runs' entries (6) | offset / 64 (36)
//
// The generation makes each word of a shard differ from the one before, so that
// a reader who finds it unchanged knows that the segment was the shard's all the
// time, and its memory not yet another's.
type root struct {
	kind uint64
	seed uint64
	live atomic.Uint64 // 0: retired
	_    [5]uint64
	dir  [Shards]uint64
}

const rootSize = int(unsafe.Sizeof(root{}))

func newRoot(a *arena.Arena, kind, seed uint64) (*root, uint64, error) {
	off, p, err := allocZero(a, rootSize)
	if err != nil {
		return nil, 0, err
	}
	r := (*root)(p)
	r.kind, r.seed = kind, seed
	r.live.Store(1)
	return r, off, nil
}

// end keeps readers out. The root's own memory stays: a reader may look at it at
// any time.
func (r *root) end() { r.live.Store(0) }

func (r *root) point(shard int, off uint64, lines, entries int) {
	w := (r.dir[shard]>>48 + 1) << 48
	if lines > 0 {
		w |= uint64(bits.Len(uint(lines))-1)<<42 | uint64(bits.Len(uint(entries)))<<36 | off/lineSize
	}
	atomic.StoreUint64(&r.dir[shard], w)
}

// set points a shard to a segment of the arena, or to nothing.
func (r *root) set(shard int, s *segment) {
	if s == nil || s.from == nil {
		r.point(shard, 0, 0, 0)
		return
	}
	r.point(shard, s.off, s.lines(), len(s.runs))
}

// segmentOf decodes a word of the directory. Entries is a power of two, or 0;
// lines follow them.
func segmentOf(v *arena.View, word uint64) (base unsafe.Pointer, lines, entries uint64) {
	off := word & (1<<36 - 1) * lineSize
	if off == 0 {
		return nil, 0, 0
	}
	lines = 1 << (word >> 42 & 63)
	entries = 1 << (word >> 36 & 63) >> 1
	if lines|entries > 1<<32 {
		return nil, 0, 0
	}
	return v.At(off, entries*runEntrySize+lines*lineSize), lines, entries
}

// openRoot checks a root that a worker was told of.
func openRoot(v *arena.View, at uint64, kind uint64) (*root, error) {
	p := v.At(at, uint64(rootSize))
	if p == nil || at%32 != 0 {
		return nil, fmt.Errorf("replica: no table at %#x", at)
	}
	r := (*root)(p)
	if r.kind != kind {
		return nil, fmt.Errorf("replica: the table at %#x is of another kind", at)
	}
	return r, nil
}
