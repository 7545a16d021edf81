package parfor

import (
	"runtime/trace"
	"sync"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// sliceLoop runs a loop over a slice on goroutines of this process, where each
// item is tried once. Results go straight to their places: no channel, no lock, no
// allocation per item.
type sliceLoop[In, Out any] struct {
	*loop
	chunks
	body  body[In, Out]
	items []In
	out   []Out // nil when results are not wanted
	sum   *partials[Out]
	group sync.WaitGroup
}

func (s *sliceLoop[In, Out]) run() {
	if len(s.items) == 0 {
		return
	}
	s.group.Add(1)
	s.live.Add(1)
	go s.start(0, 0, 0, false)
	s.group.Wait()
}

// worker is what one goroutine of a loop in this process knows.
type worker[In, Out any] struct {
	runner[In, Out]
	*hold
	pace  pace
	shard *meter.Shard
	echo  func(error) bool
	clock bool  // somebody watches
	each  bool  // time each task of this chunk
	probe int   // time the next one, for so many like it
	began int64 // the attempt that is timed
	// tasks in the current chunk
	ok, failed, retried int
}

// shortChunk is how many items a chunk has when they take less than 10 µs
// each: a clock read for each of them would show.
const shortChunk = chunkTime / 10_000

func newWorker[In, Out any](l *loop, w int, b body[In, Out]) *worker[In, Out] {
	wk := &worker[In, Out]{hold: l.hold(), shard: l.meter.Shard(w), clock: l.meter.Watched(), echo: l.echo}
	wk.runner = runner[In, Out]{policy: &l.policy, ctx: l.ctx, body: b.fn, worker: w}
	if wk.hold.slot != nil {
		wk.runner.slot = task.Slot(wk.hold.slot)
	}
	wk.share()
	wearLabels(l.ctx)
	wk.pace.begin = meter.Now()
	return wk
}

// end closes the worker's shared context and gives its slot back.
func (wk *worker[In, Out]) end() {
	if wk.shared != nil {
		wk.shared.Seal()
		wk.shared.End()
	}
	wk.hold.end()
}

// start is one worker goroutine. It begins with the rest [lo, hi) of a chunk when
// it takes over from a goroutine that a body ended with Goexit.
func (s *sliceLoop[In, Out]) start(w, lo, hi int, takesOver bool) {
	defer s.group.Done()
	defer s.live.Add(-1)
	wk := newWorker(s.loop, w, s.body)
	defer wk.end()
	wk.goexit = func(i, attempt int, err error) {
		begin := wk.pace.begin
		wk.exited(i, attempt, err)
		wk.count(begin, wk.pace.timed(i-lo+1), lo)
		wk.release()
		s.takeOver(wk, i, attempt, hi, err)
	}
	for first := !takesOver; ; first = false {
		if lo == hi {
			if s.stop.Load() || !wk.acquire() {
				return
			}
			if lo, hi = s.take(&wk.pace); lo == hi {
				return
			}
		} else if !wk.acquire() {
			s.skip(lo, hi)
			return
		}
		if first && w+1 < s.chunks.workers && hi < s.n {
			s.group.Add(1)
			s.live.Add(1)
			go s.start(w+1, 0, 0, false)
		}
		begin := wk.open(hi - lo)
		s.chunk(wk, lo, hi)
		wk.count(begin, wk.pace.timed(hi-lo), lo)
		lo = hi
		wk.yield()
	}
}

// chunk runs items [lo, hi).
func (s *sliceLoop[In, Out]) chunk(wk *worker[In, Out], lo, hi int) {
	for i := lo; i < hi; i++ {
		if s.stop.Load() {
			s.skip(i, hi)
			return
		}
		out, _, last, err := wk.item(i, 1, s.items[i])
		if err != nil {
			s.settle(i, last, err)
		} else if s.out != nil {
			s.out[i] = out
		} else if s.sum != nil && !s.fold(wk.worker, out, i+1, hi) {
			return
		}
	}
}

// takeOver replaces a goroutine that is unwinding because item i's body called
// Goexit: the item has failed, and the chunk goes on.
func (s *sliceLoop[In, Out]) takeOver(wk *worker[In, Out], i, attempt, hi int, err error) {
	s.settle(i, attempt, err)
	s.group.Add(1)
	s.live.Add(1)
	go s.start(wk.worker, i+1, hi, true)
}

// postponed is a failed attempt that is to be followed by another.
type postponed struct{ error }

// item tries one item once, and again where it conflicts. If another attempt is
// to follow, err is a *postponed.
func (wk *worker[In, Out]) item(i, attempt int, in In) (out Out, commit uint64, last int, err error) {
	var r *rerun
	for {
		var fate fate
		if wk.each || wk.probe > 0 {
			out, commit, fate, err = wk.watch(i, attempt, in, &r)
		} else {
			out, commit, err = wk.try(i, attempt, in)
			fate = wk.decide(i, attempt, err, &r)
		}
		if fate == repeats {
			if !wk.pause(r) {
				wk.free(r)
				return out, 0, attempt, errStopped
			}
			continue // it doesn't count as an attempt
		}
		wk.free(r)
		if fate == postpones {
			err = &postponed{err}
		}
		return out, commit, attempt, err
	}
}

// fate is what follows from an attempt. It is decided once: the loop may end
// between two looks.
type fate int

const (
	succeeds  fate = iota
	repeats        // it conflicted, and runs again
	postpones      // another attempt follows
	fails
	echoes // it failed because the loop ended
)

// decide judges an attempt and counts it.
func (wk *worker[In, Out]) decide(i, attempt int, err error, r **rerun) fate {
	switch {
	case err == nil:
		wk.ok++
		wk.allowance.done(i, attempt)
		return succeeds
	case wk.conflicted(r, err):
		wk.retried++
		wk.meter.Retry(i, attempt, err)
		return repeats
	case wk.again(i, attempt, err):
		wk.retried++
		wk.meter.Retry(i, attempt, err)
		return postpones
	case wk.ctx.Err() != nil && wk.echo(err):
		return echoes
	}
	wk.failed++
	return fails
}

// flags are what observers are told of an attempt.
func (f fate) flags(err error) observe.Flags {
	switch f {
	case succeeds:
		return observe.OK
	case repeats, postpones:
		return observe.Retried
	case echoes:
		return 0
	}
	if isTimeout(err) {
		return observe.Failed | observe.TimedOut
	}
	return observe.Failed
}

// pause waits until the body of a task that conflicted may run again. It holds
// no slot meanwhile. False means that the loop ended.
func (wk *worker[In, Out]) pause(r *rerun) bool {
	wk.release()
	ok := r.block(wk.ctx.Done())
	wk.pass = r.pass()
	return ok && wk.acquire()
}

// free lets other tasks have the keys of one that is settled.
func (wk *worker[In, Out]) free(r *rerun) {
	if r != nil {
		r.leave()
		wk.pass = 0
	}
}

// open begins a chunk of n items and says when.
func (wk *worker[In, Out]) open(n int) (begin int64) {
	wk.ok, wk.failed, wk.retried = 0, 0, 0
	wk.traced = trace.IsEnabled()
	wk.each = wk.clock && n < shortChunk
	wk.probe = 0
	if wk.clock && !wk.each {
		wk.probe = n
	}
	return wk.pace.begin
}

// count tells the meter how a chunk ended whose tasks were not timed singly.
func (wk *worker[In, Out]) count(begin, took int64, first int) {
	switch {
	case wk.each:
	case wk.clock:
		wk.shard.Chunk(begin, took, first, wk.ok, wk.failed, wk.retried)
	default:
		wk.shard.Count(wk.ok, wk.failed, wk.retried, took)
	}
}

// exited decides an attempt whose body ended the goroutine.
func (wk *worker[In, Out]) exited(i, attempt int, err error) fate {
	var none *rerun
	f := wk.decide(i, attempt, err, &none)
	if wk.each {
		wk.shard.Task(wk.began, meter.Now()-wk.began, i, attempt, f.flags(err))
	}
	return f
}

// watch is try with a clock, for loops that somebody observes.
func (wk *worker[In, Out]) watch(i, attempt int, in In, r **rerun) (out Out, commit uint64, f fate, err error) {
	begin := meter.Now()
	if n := wk.probe; n > 0 {
		wk.probe = 0
		out, commit, err = wk.try(i, attempt, in)
		wk.shard.Sample(meter.Now()-begin, n)
		return out, commit, wk.decide(i, attempt, err, r), err
	}
	wk.began = begin
	wk.shard.Begin(i, attempt, begin)
	out, commit, err = wk.try(i, attempt, in)
	took := meter.Now() - begin
	f = wk.decide(i, attempt, err, r)
	wk.shard.Task(begin, took, i, attempt, f.flags(err))
	return out, commit, f, err
}

func isTimeout(err error) bool { _, ok := err.(*TimeoutError); return ok }
