package parfor

import (
	"context"
	"slices"
	"sync"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/engine"
)

// lane is the job of submitted tasks at an executor in other processes: of one
// task, or of many that differ in their input only. It lives while one of them
// is open.
type lane[In, Out any] struct {
	policy
	spec   engine.Spec
	ledger *engine.Ledger
	remote engine.Remote
	label  func(In) string
	in     *codec.Codec[In]
	result *codec.Codec[Out]

	mu      sync.Mutex
	key     any           // its place in ledger.Lanes
	handle  engine.Handle // nil until Attach has returned
	host    engine.Host   // the handle, where it is one
	guests  int           // futures' goroutines in host.Assist
	parting bool          // the last of them closes the lane
	entries []laneTask[In, Out]
	free    []int32
	ready   []int32 // to be claimed, in order
	used    int
	over    bool // nothing is open and nothing can join
	stopped bool // the context ended: nothing more starts
	unwatch func() bool
}

// laneTask is an open task of a lane.
type laneTask[In, Out any] struct {
	future  *Future[In, Out] // nil if the entry is free
	attempt int32
	claimed bool
	counted bool  // the backlog counts it as unstarted
	err     error // of the last attempt, when there is to be another
	tried   int32 // that attempt
	out     Out   // of the attempt that is being settled
}

// open attaches the lane with its first task.
func (l *lane[In, Out]) open(key any, f *Future[In, Out]) {
	l.ledger.Hold()
	defer l.ledger.Settle()
	l.join(f)
	h, err := l.remote.Attach(l)
	if err != nil {
		l.mu.Lock()
		l.over = true
		l.drop(f.ref)
		l.mu.Unlock()
		l.meter.End(err)
		f.reject(err)
		return
	}
	if ctx := l.spec.Ctx; ctx.Done() != nil {
		unwatch := context.AfterFunc(ctx, l.stop)
		l.mu.Lock()
		l.unwatch = unwatch
		l.mu.Unlock()
	}
	l.mu.Lock()
	l.handle, l.key = h, key
	if l.spec.Inline {
		l.host, _ = h.(engine.Host)
	}
	over, missed := l.over, len(l.ready) > 0
	if key != nil && !over {
		l.ledger.Lanes.Store(key, l)
	}
	l.mu.Unlock()
	if over {
		l.close()
		return
	}
	if missed {
		h.Wake() // for a task that came, or came back, before the handle was known
	}
}

// join adds a task, unless the lane is over.
func (l *lane[In, Out]) join(f *Future[In, Out]) bool {
	l.mu.Lock()
	if l.over || l.stopped {
		l.mu.Unlock()
		return false
	}
	var ref int32
	if n := len(l.free); n > 0 {
		ref, l.free = l.free[n-1], l.free[:n-1]
	} else {
		ref = int32(len(l.entries))
		l.entries = append(l.entries, laneTask[In, Out]{})
	}
	l.entries[ref] = laneTask[In, Out]{future: f, attempt: 1, counted: f.waits}
	f.mu.Lock()
	f.ref, f.remote, f.waits = ref, l, false
	f.mu.Unlock()
	l.ready = append(l.ready, ref)
	l.used++
	h, host := l.handle, l.host
	l.mu.Unlock()
	switch {
	case host != nil && l.inline(f):
		host.Offer()
	case h != nil:
		h.Wake()
	}
	return true
}

// drop frees an entry; mu is held. When it was the last one the lane is over,
// and its end goes on elsewhere: executors call Finish while they can't be
// called back.
func (l *lane[In, Out]) drop(ref int32) {
	if l.entries[ref].counted {
		l.ledger.Started(1)
	}
	l.entries[ref] = laneTask[In, Out]{}
	l.free = append(l.free, ref)
	if l.used--; l.used > 0 || l.over {
		return
	}
	l.over = true
	if l.guests > 0 && !l.meter.Watched() { // observers are no business of a guest
		l.ledger.Hold()
		l.parting = true
	} else if l.handle != nil {
		l.ledger.Hold()
		go func() {
			defer l.ledger.Settle()
			l.close()
		}()
	}
}

// inline reports whether who submits may encode the item: that runs no code of the
// user, and copies little.
func (l *lane[In, Out]) inline(f *Future[In, Out]) bool {
	_, large := l.in.Large(&f.in)
	return l.in.Kind == "raw" && large == nil
}

// assist lends the executor the goroutine of somebody who waits for a task, and
// lets it close the lane then: another goroutine for that costs as much as a task.
func (l *lane[In, Out]) assist() {
	l.mu.Lock()
	host := l.host
	if host == nil || l.over {
		l.mu.Unlock()
		return
	}
	l.guests++
	l.mu.Unlock()
	host.Assist()
	l.mu.Lock()
	l.guests--
	parting := l.parting && l.guests == 0
	if parting {
		l.parting = false
	}
	l.mu.Unlock()
	if parting {
		l.close()
		l.ledger.Settle()
	}
}

// close ends a lane that is over.
func (l *lane[In, Out]) close() {
	l.mu.Lock()
	unwatch, key := l.unwatch, l.key
	l.mu.Unlock()
	if key != nil {
		l.ledger.Lanes.CompareAndDelete(key, l)
	}
	if unwatch != nil {
		unwatch()
	}
	l.handle.Detach()
	l.meter.End(nil)
}

// stop ends what has not begun, when the context of the submissions ended.
// What has begun is the executor's to stop.
func (l *lane[In, Out]) stop() {
	defer l.reruns.halt()
	defer l.delays.halt()
	l.mu.Lock()
	l.stopped = true
	refs := l.ready
	l.ready = nil
	ends := make([]func(), len(refs))
	for i, ref := range refs {
		ends[i] = l.strike(ref)
	}
	l.mu.Unlock()
	for _, end := range ends {
		end()
	}
}

// strike drops a task that will not be tried (again); mu is held. The func
// that it returns ends the future, and is to be called without mu.
func (l *lane[In, Out]) strike(ref int32) func() {
	e := l.entries[ref]
	f := e.future
	l.drop(ref)
	if e.err != nil {
		return func() {
			var none Out
			f.finish(none, failure(f, l.label, int(e.tried), e.err))
		}
	}
	why := canceled(l.spec.Ctx)
	return func() { f.end(Pending, Cancelled, &TaskError{Index: f.index, Err: why}, nil) }
}

// revoke takes a pending task back. True means that nobody else will end it.
func (l *lane[In, Out]) revoke(c *completion, ref int32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if !l.holds(c, ref) || l.entries[ref].err != nil {
			return false
		}
		if !l.entries[ref].claimed {
			i := slices.Index(l.ready, ref)
			l.ready = slices.Delete(l.ready, i, i+1)
			l.drop(ref)
			return true
		}
		h, t := l.handle, l.task(ref)
		l.mu.Unlock()
		revoked := h != nil && h.Revoke(t)
		l.mu.Lock()
		switch {
		case revoked:
			l.drop(ref)
			return true
		case !l.holds(c, ref) || l.entries[ref].claimed:
			return false
		}
		// The executor returned the task in between: it waits here again.
	}
}

// running reports whether the body of a task has begun.
func (l *lane[In, Out]) running(c *completion, ref int32) bool {
	l.mu.Lock()
	if !l.holds(c, ref) || !l.entries[ref].claimed || l.handle == nil {
		l.mu.Unlock()
		return false
	}
	h, t := l.handle, l.task(ref)
	l.mu.Unlock()
	return h.Running(t)
}

// holds reports whether the entry is still this future's; mu is held.
func (l *lane[In, Out]) holds(c *completion, ref int32) bool {
	f := l.entries[ref].future
	return f != nil && &f.completion == c
}

func (l *lane[In, Out]) task(ref int32) engine.Task {
	e := &l.entries[ref]
	return engine.Task{Index: e.future.index, Ref: ref, Attempt: e.attempt}
}

// text labels a task for people.
func (l *lane[In, Out]) text(t engine.Task) string {
	if f := l.future(t); f != nil && l.label != nil {
		return l.label(f.in)
	}
	return ""
}

func (l *lane[In, Out]) future(t engine.Task) *Future[In, Out] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[t.Ref].future
}
