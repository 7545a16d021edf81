package replica

import (
	"math/bits"
	"sync"

	"parfor.dev/parfor/internal/arena"
)

// plan is what the next segment of a shard is to hold.
type plan struct {
	dense []blockCount // blocks of lines that get runs; an open hash table
	runs  int          // in all
	rest  int          // keys in lines
}

// blockCount is how many keys of a block lie in lines; n is 0 where there is no
// block.
type blockCount struct {
	block, hash uint64
	n           int
}

var counts = sync.Pool{New: func() any { return new([]blockCount) }}

// rebuild copies the live entries of a locked shard into a new segment aside, in
// which there is room for more, then swings the shard over to it.
func (t *Words) rebuild(shard int) *segment {
	s := t.shards[shard].seg.Load()
	scratch := counts.Get().(*[]blockCount)
	p := t.plan(s, scratch)
	n, err := t.build(s, &p, t.arena())
	if err != nil { // no room in the arena: on the heap there is
		t.leave()
		n, _ = t.build(s, &p, nil)
	}
	counts.Put(scratch)
	t.swing(shard, n)
	return n
}

// plan counts the keys of blocks. Scratch is memory for that.
func (t *Words) plan(s *segment, scratch *[]blockCount) (p plan) {
	if s == nil {
		return p
	}
	s.eachRun(func(r *run) bool {
		if n := r.len(); n >= runUntil {
			p.runs++
		} else {
			p.rest += n
		}
		return true
	})
	inLines := s.inLines()
	p.rest += inLines
	if inLines < runFrom {
		return p
	}
	size := 1 << bits.Len(uint(2*inLines))
	if cap(*scratch) < size {
		*scratch = make([]blockCount, size)
	}
	p.dense = (*scratch)[:size]
	clear(p.dense)
	s.eachLine(func(k, _ uint64) bool {
		p.count(k>>runShift, t.Hash(k)).n++
		return true
	})
	for i := range p.dense {
		if n := p.dense[i].n; n >= runFrom {
			p.runs++
			p.rest -= n
		}
	}
	return p
}

// count returns the count of a block, made if need be.
func (p *plan) count(block, h uint64) *blockCount {
	mask := uint64(len(p.dense) - 1)
	for i := dirIndex(h) & mask; ; i = (i + 1) & mask {
		c := &p.dense[i]
		if c.n == 0 {
			c.block, c.hash = block, h
		}
		if c.block == block {
			return c
		}
	}
}

// build makes the next segment from s. Where nobody else looks at the runs of s
// it takes them over.
func (t *Words) build(s *segment, p *plan, from *arena.Arena) (*segment, error) {
	n, err := newSegment(from, &t.slabs, linesFor(p), dirFor(p.runs))
	if err != nil || s == nil {
		return n, err
	}
	if err = t.makeRuns(n, p); err == nil && (s.refs > 0 || s.from != from) {
		err = t.copyRuns(n, s)
	} else if err == nil {
		t.takeRuns(n, s)
	}
	if err != nil {
		n.free()
		return nil, err
	}
	s.eachRun(func(r *run) bool {
		if n.live += r.len(); r.len() < runUntil {
			r.each(func(k, v uint64) bool { n.add(t.Hash(k), k, v); return true })
		}
		return true
	})
	s.eachLine(func(k, v uint64) bool {
		h := t.Hash(k)
		if e, value, bit := n.run(h, k); e != nil {
			storeWord(value, v)
			storeWord(&e.live, e.live|bit)
		} else {
			n.add(h, k, v)
		}
		n.live++
		return true
	})
	return n, nil
}

// makeRuns makes empty runs for the blocks that are dense.
func (t *Words) makeRuns(n *segment, p *plan) error {
	for i := range p.dense {
		if c := &p.dense[i]; c.n >= runFrom {
			r, err := n.newRun()
			if err != nil {
				return err
			}
			n.addRun(c.block, c.hash, r, 0)
		}
	}
	return nil
}

func (t *Words) copyRuns(n, s *segment) (err error) {
	s.eachRun(func(r *run) bool {
		var c run
		if r.len() < runUntil {
			return true
		} else if c, err = n.copyOf(r); err == nil {
			n.addRun(r.block, t.Hash(r.block<<runShift), c, r.entry.live)
		}
		return err == nil
	})
	return err
}

func (t *Words) takeRuns(n, s *segment) {
	s.taken = true
	s.eachRun(func(r *run) bool {
		if r.len() >= runUntil {
			n.addRun(r.block, t.Hash(r.block<<runShift), *r, r.entry.live)
		}
		return true
	})
}

// linesFor is how many lines leave room to double what they hold. A segment with
// many runs gets lines in proportion, so that it is rebuilt when a part of it is
// new, and not for each block.
func linesFor(p *plan) int {
	n := 1
	for p.rest*8 > n*slotsPerLine*3 {
		n *= 2
	}
	if p.runs > 0 {
		n = max(n, 8, 1<<bits.Len(uint(2*p.runs-1)))
	}
	return n
}

// dirFor is how many entries the directory of so many runs has.
func dirFor(runs int) int {
	if runs == 0 {
		return 0
	}
	return 1 << bits.Len(uint(2*runs-1))
}
