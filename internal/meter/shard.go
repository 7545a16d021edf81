package meter

import (
	"sync/atomic"

	"parfor.dev/parfor/observe"
)

// Shard holds one worker's counters. Only its worker writes, so an addition is
// a load and a store, 6 ns, and never waits for another core: 128 bytes keep
// two workers from sharing a cache line, or a pair of lines fetched together.
type Shard struct {
	ok, failed, retried atomic.Int64
	busy                atomic.Int64
	began               atomic.Int64 // start of the attempt that runs, 0 for none
	item                atomic.Int64 // its index << 16 | attempt
	pid                 atomic.Int64
	lane                atomic.Pointer[lane] // nil before the first timed task

	id    int
	watch *watch // nil when nobody looks
	_     [48]byte
}

// bump adds to a counter that only the caller writes.
func bump(c *atomic.Int64, n int64) {
	if n != 0 {
		c.Store(c.Load() + n)
	}
}

// Count adds items that ended in a chunk whose tasks were not timed singly;
// busy is the nanoseconds they took together, 0 if nobody looks. It costs a
// store, 6 ns, for each number that isn't 0. Such tasks are in no slice and
// not in the histogram: see Chunk and Sample.
func (s *Shard) Count(ok, failed, retried int, busy int64) {
	bump(&s.ok, int64(ok))
	bump(&s.failed, int64(failed))
	bump(&s.retried, int64(retried))
	bump(&s.busy, busy)
}

// Begin marks that a body runs now (for Totals.Running); Task ends it, or
// Chunk for a chunk that begins with the item. It is optional.
func (s *Shard) Begin(index, attempt int, now int64) {
	s.item.Store(int64(index)<<16 | int64(attempt&0xffff))
	s.began.Store(now) // last: it makes the item valid
}

// Task records one timed attempt; start and took are nanoseconds of the
// monotonic clock, as returned by Now. It counts as retried, else as failed
// (so do TimedOut and Killed), else as OK, and without any flag, for an attempt
// that only was cancelled, as nothing. It costs 20 to 40 ns.
func (s *Shard) Task(start, took int64, index, attempt int, f observe.Flags) {
	s.ended(took)
	switch {
	case f&observe.Retried != 0:
		bump(&s.retried, 1)
	case f&(observe.Failed|observe.TimedOut|observe.Killed) != 0:
		bump(&s.failed, 1)
	case f&observe.OK != 0:
		bump(&s.ok, 1)
	}
	if s.watch == nil {
		return
	}
	l := s.history()
	if f != 0 {
		bump(&l.hist[observe.Bucket(duration(took))], 1)
	}
	l.draw(start, took, index, attempt, 1, f)
}

// Chunk counts items that ended in a chunk timed as a whole, and draws it as
// one slice; first is its first item. It costs what Task costs.
func (s *Shard) Chunk(start, took int64, first, ok, failed, retried int) {
	s.ended(0)
	s.Count(ok, failed, retried, took)
	n := ok + failed + retried
	if s.watch == nil || n == 0 {
		return
	}
	var f observe.Flags
	if ok > 0 {
		f |= observe.OK
	}
	if failed > 0 {
		f |= observe.Failed
	}
	if retried > 0 {
		f |= observe.Retried
	}
	if n > 1 {
		f |= observe.Merged
	}
	s.history().draw(start, took, first, 1, n, f)
}

// Sample puts the duration of one task into the histogram for n tasks like it:
// where bodies are so short that reading the clock for each would show (below
// 10 µs), time one in a chunk and let it stand for all that Chunk counts.
func (s *Shard) Sample(took int64, n int) {
	if s.watch != nil {
		bump(&s.history().hist[observe.Bucket(duration(took))], int64(n))
	}
}

// ended comes before the outcome is counted: a reader in between misses an
// item for a moment, but never sees it both running and done.
func (s *Shard) ended(took int64) {
	if s.began.Load() != 0 {
		s.began.Store(0)
	}
	bump(&s.busy, took)
}

func (s *Shard) history() *lane {
	l := s.lane.Load()
	if l == nil {
		l = &lane{watch: s.watch, worker: s.id}
		s.lane.Store(l)
	}
	return l
}

// PID says which process the worker is. It may be called by any goroutine.
func (s *Shard) PID(pid int) { s.pid.Store(int64(pid)) }

// read is the worker's share now. The counters are read one by one: each is
// right, but they may be a task apart.
func (s *Shard) read(now int64) observe.Worker {
	w := observe.Worker{ID: s.id, PID: int(s.pid.Load())}
	began, item := s.began.Load(), s.item.Load()
	w.Busy = duration(s.busy.Load())
	w.OK, w.Failed, w.Retried = s.ok.Load(), s.failed.Load(), s.retried.Load()
	if began != 0 && began == s.began.Load() { // else the item may be another's
		w.Since = max(duration(now-began), 1)
		w.Index, w.Attempt = int(item>>16), int(item&0xffff)
		w.Busy += w.Since
	}
	return w
}
