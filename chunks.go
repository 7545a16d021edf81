package parfor

import (
	"sync/atomic"

	"parfor.dev/parfor/internal/meter"
)

// chunks deals the numbers below n out to workers, in shrinking chunks: guided
// self-scheduling (Polychronopoulos and Kuck, IEEE Transactions on Computers
// C-36, 1987), bounded by time. A chunk is at most a quarter of a worker's
// share of what is left, so that nobody is left alone with a long tail, and no
// more than took about chunkTime lately, so that slow items are dealt singly.
type chunks struct {
	next    atomic.Int64
	_       [56]byte // the counter is written by all workers: keep it apart
	n       int
	workers int
	fixed   int // option Chunk, 0 if by time
}

const (
	chunkTime = 50_000 // ns: two clock reads and a compare-and-swap are 0.2 % of it
	chunkMost = 8192
)

// pace is one worker's view of how long items take.
type pace struct {
	size  int
	begin int64
}

// take claims a chunk; it is empty when all numbers are dealt.
func (c *chunks) take(p *pace) (lo, hi int) {
	for {
		at := int(c.next.Load())
		left := c.n - at
		if left <= 0 {
			return c.n, c.n
		}
		size := c.fixed
		if size == 0 {
			size = min(max(p.size, 1), max(left/(4*c.workers), 1))
		}
		size = min(size, left)
		if c.next.CompareAndSwap(int64(at), int64(at+size)) {
			return at, at + size
		}
	}
}

// timed adapts the size of the next chunk to the time that the last one, of n
// items, took. It returns that time.
func (p *pace) timed(n int) int64 {
	now := meter.Now()
	took := now - p.begin
	p.begin = now
	switch {
	case took < chunkTime/2:
		p.size = min(2*max(p.size, n), chunkMost)
	case took > 2*chunkTime:
		p.size = max(int(int64(n)*chunkTime/took), 1)
	}
	return took
}

// claimed is how many numbers were dealt.
func (c *chunks) claimed() int { return min(int(c.next.Load()), c.n) }
