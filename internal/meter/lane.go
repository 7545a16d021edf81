package meter

import (
	"sync/atomic"
	"time"

	"parfor.dev/parfor/observe"
)

const (
	ringSize = 256
	// With fewer free places than this, slices that would have one of their
	// own are merged like all others, so that a storm of failures still fits.
	reserve = 64
)

func duration(ns int64) time.Duration { return time.Duration(ns) }

// lane is what a watched worker did when: a histogram of durations, and slices
// on their way to the reducer in a ring with one writer, the worker, and one
// reader. A slice that a later one may still join waits in pending.
type lane struct {
	watch  *watch
	worker int
	hist   [observe.Buckets]atomic.Int64

	pending observe.Slice // N is 0 when there is none
	end     time.Duration // of the newest slice
	head    atomic.Uint64 // slices pushed; written by the worker
	_       [48]byte
	tail    atomic.Uint64 // slices taken; written by the reducer
	ring    [ringSize]observe.Slice
}

// draw adds a slice. Failures, retries, timeouts, kills and the slowest
// hundredth get their own; of the others, those that begin less than a pixel
// after the one before are joined with it while the two span no more than a
// pixel. When the ring is full everything joins: nothing is ever dropped.
func (l *lane) draw(start, took int64, index, attempt, n int, f observe.Flags) {
	s := observe.Slice{
		Worker: l.worker, Start: duration(start - l.watch.start), Took: max(duration(took), 0),
		Index: index, Attempt: attempt, Flags: f, N: n,
	}
	if late := l.end - s.Start; late > 0 { // keeps a lane free of overlaps, whatever clocks do
		s.Start, s.Took = l.end, max(s.Took-late, 0)
	}
	l.end = s.Start + s.Took

	const special = observe.Failed | observe.Retried | observe.TimedOut | observe.Killed
	px := duration(l.watch.pixel.Load())
	free := ringSize - int(l.head.Load()-l.tail.Load())
	switch own := f&special != 0 || took > l.watch.slow.Load(); {
	case own && free > reserve:
		l.flush()
		l.push(s)
	case l.pending.N == 0:
		l.pending = s
	case free == 0 || s.Start-end(l.pending) < px && l.end-l.pending.Start <= px:
		join(&l.pending, s)
	default:
		l.push(l.pending)
		free--
		l.pending = s
	}
	if l.pending.Took >= px && free > 0 { // nothing could join it any more
		l.flush()
	}
}

func end(s observe.Slice) time.Duration { return s.Start + s.Took }

func join(s *observe.Slice, next observe.Slice) {
	s.Took = end(next) - s.Start
	s.Flags |= next.Flags | observe.Merged
	s.N += next.N
}

func (l *lane) flush() {
	if l.pending.N > 0 {
		l.push(l.pending)
		l.pending = observe.Slice{}
	}
}

func (l *lane) push(s observe.Slice) {
	h := l.head.Load()
	l.ring[h%ringSize] = s
	l.head.Store(h + 1)
}

// take appends the slices that have come since the last call. With last set,
// once the worker has stopped, the pending one too.
func (l *lane) take(dst []observe.Slice, last bool) []observe.Slice {
	t, h := l.tail.Load(), l.head.Load()
	for ; t < h; t++ {
		dst = append(dst, l.ring[t%ringSize])
	}
	l.tail.Store(t)
	if last && l.pending.N > 0 {
		dst = append(dst, l.pending)
		l.pending = observe.Slice{}
	}
	return dst
}
