package dict

import (
	"sync/atomic"
	"unsafe"

	"parfor.dev/parfor/internal/replica"
	"parfor.dev/parfor/internal/writeset"
)

// Counters cost next to nothing where commits run: those of a shard lie beside
// its lock, which a commit holds anyway. What is rare, or has no lock, has
// atomics of its own.

// tally counts what is done to a shard.
type tally = replica.Tally

const (
	sampleShift = 6 // hot keys are looked for in 1 of 64 commits
	readLanes   = 16
)

// counts is what a table counts besides its shards' tallies.
type counts[K comparable] struct {
	conflicts atomic.Int64
	contended hot[K]                            // keys that did not hold
	written   hot[K]                            // keys of sampled commits
	received  atomic.Pointer[[maxShards]uint64] // bytes; guarded by the shards' locks
	reads     [readLanes]struct {
		atomic.Int64
		_ [56]byte
	}
}

// sampled picks 1 commit of 64, not every 64th: keys may come in turns.
func sampled(n uint64) bool { return n*0x9e3779b97f4a7c15>>(64-sampleShift) == 0 }

func (c *counts[K]) wrote(k K) { c.written.add(k) }

func classOf(t *tally, op writeset.Op) *uint64 {
	switch op {
	case writeset.Put:
		return &t.Sets
	case writeset.Drop:
		return &t.Deletes
	case writeset.Plus:
		return &t.Adds
	}
	return &t.Others
}

// tally returns the counters of a locked shard.
func (t *table[K, V]) tally(i int) *tally {
	if t.words != nil {
		return t.words.Tally(i)
	}
	return &t.shards[i].tally
}

// count counts a commit, whose shards are locked. A part that only observed
// changes nothing here, and may hold none of the shards that are counted in.
func (o *overlay[K, V]) count(n uint64) {
	if !o.Changes() {
		return
	}
	t := o.t
	at := 0
	if len(o.ops) > 0 {
		at = t.shardOf(o.ops[0].hash)
	}
	first := t.tally(at)
	first.Commits++
	if o.wiped {
		first.Others++
	}
	for i := range o.ops {
		p := &o.ops[i]
		y := t.tally(t.shardOf(p.hash))
		if p.more == nil {
			*classOf(y, p.op)++
			continue
		}
		for j := range p.more.steps {
			*classOf(y, p.more.steps[j].op)++
		}
	}
	if o.received > 0 {
		t.counts.receivedAt()[at] += uint64(o.received)
	}
	if sampled(n) {
		for i := range o.ops[:min(len(o.ops), hotSize)] {
			t.counts.wrote(o.ops[i].key)
		}
	}
}

func (c *counts[K]) receivedAt() *[maxShards]uint64 {
	if r := c.received.Load(); r != nil {
		return r
	}
	c.received.CompareAndSwap(nil, new([maxShards]uint64))
	return c.received.Load()
}

// conflicted counts a conflict on a key, nil for the dictionary as a whole. It
// returns false, for its caller to return.
func (o *overlay[K, V]) conflicted(k *K) bool {
	o.t.counts.conflicts.Add(1)
	if k != nil {
		o.t.counts.contended.add(*k)
	}
	return false
}

// Barred counts a conflict with a task that is alone on its keys.
func (o *overlay[K, V]) Barred() { o.conflicted(nil) }

// countReads counts the reads of an attempt that ends. Parts are reused on the
// processor they were used on, so that each has a lane much to itself.
func (o *overlay[K, V]) countReads() {
	if t := o.c.state.Load(); t != nil {
		t.counts.reads[uintptr(unsafe.Pointer(o))>>9%readLanes].Add(int64(o.reads))
	}
	o.reads = 0
}
