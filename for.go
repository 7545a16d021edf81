package parfor

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"

	"parfor.dev/parfor/internal/meter"
)

// For calls body(i) for each i in [0, n) on goroutines of this process, at
// most GOMAXPROCS at once unless Workers says otherwise, and blocks until all
// have returned. It is the bare loop for tiny CPU-bound bodies: no context, no
// results, no error to return, about a nanosecond per item.
//
// A panic or Goexit in a body stops the loop; what is running ends first, and
// the error is a *LoopError with the item and the stack. When ctx ends, chunks
// that were begun (about 50 µs of work, or one item) are finished. Options
// that need a context per item (Timeout, Attempts, an executor of processes)
// are errors: use [Each].
func For(ctx context.Context, n int, body func(i int), opts ...Option) error {
	if n < 0 {
		return fmt.Errorf("%w: For over %d items", ErrOption, n)
	}
	l, err := open(ctx, "for", opts)
	if err != nil {
		return err
	}
	if err := l.bare(); err != nil {
		return err
	}
	width := min(l.width(runtime.GOMAXPROCS(0)), n)
	l.tiny = true
	l.begin(width, n)
	f := &forLoop{loop: l, body: body, chunks: chunks{n: n, workers: max(width, 1), fixed: l.chunk}}
	if n > 0 {
		f.group.Add(1)
		go f.work(0)
		f.group.Wait()
	}
	return l.close(f.claimed(), n, false)
}

// bare refuses the options that For has no room for.
func (l *loop) bare() error {
	switch {
	case l.engine.Remote != nil:
		return fmt.Errorf("%w: For runs on goroutines only, not on %s: use Each", ErrOption, l.engine.Kind)
	case l.timeout > 0, l.attempts > 1, l.gated(), l.journaled.on(), l.label != nil, l.keepGoing, l.inOrder, l.window > 0, l.dupGiven, len(l.values) > 0:
		return fmt.Errorf("%w: For takes On, Workers, Chunk, LoopTimeout, Name, CrashOnPanic and Observe: use Each for the others", ErrOption)
	}
	return nil
}

type forLoop struct {
	*loop
	chunks
	body  func(int)
	group sync.WaitGroup
}

// work is one worker. Each starts the next while items are left, so that a
// loop that is over at once never starts them all.
func (f *forLoop) work(w int) {
	defer f.group.Done()
	hold := f.hold()
	defer hold.end()
	shard := f.meter.Shard(w)
	p := pace{begin: meter.Now()}
	for first := true; hold.acquire() && !f.stop.Load(); first = false {
		lo, hi := f.take(&p)
		if lo == hi {
			return
		}
		if first && w+1 < f.workersMost() && hi < f.n {
			f.group.Add(1)
			go f.work(w + 1)
		}
		done := f.chunk(lo, hi)
		took := p.timed(hi - lo)
		if done < hi {
			shard.Count(done-lo, 1, 0, took)
			f.skip(done+1, hi)
			return
		}
		shard.Count(hi-lo, 0, 0, took)
		hold.yield()
	}
}

func (f *forLoop) workersMost() int { return f.chunks.workers }

// chunk runs the body for [lo, hi) and returns hi, or the item that panicked.
func (f *forLoop) chunk(lo, hi int) (i int) {
	i = lo
	defer func() {
		if i == hi {
			return
		}
		if !f.crash {
			if v := recover(); v != nil {
				f.settle(i, 1, &PanicError{Value: v, Stack: debug.Stack()})
				return
			}
		}
		f.settle(i, 1, ErrGoexit)
		f.skip(i+1, hi)
	}()
	body := f.body
	for i < hi {
		body(i)
		i++
	}
	return i
}
