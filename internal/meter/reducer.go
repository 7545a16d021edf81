package meter

import (
	"sync"
	"sync/atomic"
	"time"

	"parfor.dev/parfor/internal/dictwatch"
	"parfor.dev/parfor/observe"
)

const (
	interval  = 200 * time.Millisecond // between frames
	maxEvents = 1024                   // that may wait for a slow observer

	// A frame should carry no more slices than can be drawn and sent: a pixel
	// is interval/1024 for each worker, 8 at least, so that the ordinary
	// slices of a frame are about 1024 and of a worker at most half a ring.
	slicesPerFrame = 1024
	// A view of the last minute is a thousand pixels wide.
	viewWidth, view = 1000, time.Minute
)

// watch is what a watched loop has besides its counters: the goroutine that
// calls the observers, and what it has to tell them.
type watch struct {
	loop      *Loop
	observers []observe.Observer
	begin     observe.Start
	start     int64 // of the loop, on the clock of Now
	total     atomic.Int64

	// Read by every worker, written at each frame.
	pixel atomic.Int64 // ns that are drawn as one
	slow  atomic.Int64 // ns above which a task is among the slowest hundredth

	mu     sync.Mutex
	events []observe.Event
	lost   int
	closed bool

	groups groups

	wake chan struct{} // there are events
	stop chan struct{} // closed by end
	done chan struct{} // closed by the reducer when it has told everything
	once sync.Once
	err  error // of the loop, set before stop is closed

	busy []time.Duration // by worker, in the last frame; the reducer's own

	dicts  []observe.Dict // as they were when the loop began
	warned bool           // of a contended one
}

func newWatch(l *Loop, begin observe.Start, observers []observe.Observer) *watch {
	begin.At = time.Now()
	w := &watch{
		loop: l, observers: observers, begin: begin, start: Now(),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	w.dicts = dictwatch.Now()
	w.total.Store(int64(begin.Total))
	w.slow.Store(1<<63 - 1)
	w.pixel.Store(int64(pixel(0, begin.Workers)))
	return w
}

func pixel(at time.Duration, workers int) time.Duration {
	return max(interval*time.Duration(max(workers, 8))/slicesPerFrame, min(at, view)/viewWidth)
}

// run is the reducer: everything that observers are told, in order, from one
// goroutine.
func (w *watch) run() {
	defer close(w.done)
	for _, o := range w.observers {
		o.Start(w.begin)
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-w.wake:
			w.tellEvents()
		case <-ticker.C:
			f := w.frame(false)
			w.warn(f)
			for _, o := range w.observers {
				o.Frame(f)
			}
		case <-w.stop:
			w.tellEvents()
			f := w.frame(true)
			w.warn(f)
			for _, o := range w.observers {
				o.End(observe.End{Loop: f.Loop, At: f.At, Frame: f, Err: w.err})
			}
			return
		}
	}
}

func (w *watch) end(err error) {
	w.once.Do(func() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		w.err = err
		close(w.stop)
	})
	<-w.done
}

func (w *watch) at() time.Duration { return duration(Now() - w.start) }

func (w *watch) event(e observe.Event) {
	e.Loop = w.loop.number
	if e.At == 0 {
		e.At = w.at()
	}
	w.mu.Lock()
	switch {
	case w.closed:
	case len(w.events) >= maxEvents:
		w.lost++
	default:
		w.events = append(w.events, e)
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // the reducer has been told and has not looked yet
	}
}

func (w *watch) tellEvents() {
	w.mu.Lock()
	events, lost := w.events, w.lost
	w.events, w.lost = nil, 0
	w.mu.Unlock()
	if lost > 0 {
		events = append(events, observe.Event{
			Loop: w.loop.number, At: w.at(), Kind: observe.Warning, Index: -1, Text: lostText(lost),
		})
	}
	for _, e := range events {
		for _, o := range w.observers {
			o.Event(e)
		}
	}
}

// frame adds everything up. It costs about a microsecond for each worker.
func (w *watch) frame(last bool) observe.Frame {
	now := Now()
	f := observe.Frame{
		Loop: w.loop.number, At: duration(now - w.start), Total: int(w.total.Load()),
		Totals: observe.Totals{Skipped: w.loop.skipped.Load()},
		Groups: w.groups.list(),
		Dicts:  dictwatch.Since(w.dicts, dictwatch.Now()),
	}
	table := w.loop.shards()
	for len(w.busy) < len(table) {
		w.busy = append(w.busy, 0)
	}
	for i := range table {
		s := table[i].Load()
		if s == nil {
			continue
		}
		share := s.read(now)
		if !last { // a task that ends while it is read is not yet, or no longer, in Busy
			share.Busy = max(share.Busy, w.busy[i])
			w.busy[i] = share.Busy
		}
		f.Workers = append(f.Workers, share)
		add(&f.Totals, share)
		if l := s.lane.Load(); l != nil {
			f.Slices = l.take(f.Slices, last)
			for b := range l.hist {
				if n := l.hist[b].Load(); n != 0 {
					f.Hist.AddBucket(b, n)
				}
			}
		}
	}
	w.pixel.Store(int64(pixel(f.At, len(f.Workers))))
	if f.Hist.Count() > 0 {
		// The end of the bucket: by its middle, half of a uniform load were slow.
		_, p99 := observe.BucketRange(observe.Bucket(f.Hist.Quantile(0.99)))
		w.slow.Store(int64(p99))
	}
	return f
}
