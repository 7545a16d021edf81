package parfor

import "parfor.dev/parfor/internal/task"

// frontier is where the items of a [Group] come from: the seeds, then what
// tasks added, first come, first run. It takes the place of a stream's source
// and feeder. An iterator that blocks until something is added would do, but
// every item would wait for one more goroutine to wake up; so whoever adds an
// item, or makes room for one, moves it into the window.
//
// The stream's lock guards all but loop.
type frontier[In, Out any] struct {
	loop   *task.Loop
	stream *stream[In, Out]
	seeds  []In // the caller's: read, never written
	added  []In // after them
	head   int  // of added: those before it have left
	lost   bool // a task did not finish: what it would have added is missing
}

// begin takes the first items into the window. The loop has begun.
func (f *frontier[In, Out]) begin(s *stream[In, Out]) {
	close(s.fed)
	s.mu.Lock()
	defer s.mu.Unlock()
	f.stream = s
	if s.stop.Load() { // the caller's context had ended before: touch nothing
		return
	}
	f.refill()
	s.meter.SetTotal(f.known())
}

// known is how many items there are, as far as one knows.
func (f *frontier[In, Out]) known() int { return f.stream.taken + f.waiting() }

func (f *frontier[In, Out]) waiting() int { return len(f.seeds) + len(f.added) - f.head }

// publish is called when a task that added items has committed, and before it
// is settled: the loop can't end between.
func (f *frontier[In, Out]) publish(items []In) {
	s := f.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	f.added = append(f.added, items...)
	f.refill()
	s.meter.SetTotal(f.known())
}

// refill moves items into the window, while there is room, and notices the end
// of the loop. It is called whenever one of the two may have come to be.
func (f *frontier[In, Out]) refill() {
	if f == nil {
		return
	}
	s := f.stream
	for len(s.freed) > 0 && f.waiting() > 0 && !s.stop.Load() {
		s.enter(f.pop())
	}
	if s.open == 0 && s.queued() == 0 && f.waiting() == 0 && !f.lost && !s.sourceDone {
		s.sourceDone = true
		s.work.Broadcast()
		s.news.Broadcast()
	}
}

// settled notes the end of a task.
func (f *frontier[In, Out]) settled(whole bool) {
	if f != nil {
		f.lost = f.lost || !whole
		f.refill()
	}
}

func (f *frontier[In, Out]) pop() (in In) {
	var zero In
	if len(f.seeds) > 0 {
		in, f.seeds = f.seeds[0], f.seeds[1:]
		return in
	}
	in, f.added[f.head] = f.added[f.head], zero
	f.head++
	if f.head > len(f.added)/2 { // those that are left move down, less often than they came
		n := copy(f.added, f.added[f.head:])
		clear(f.added[n:])
		f.added, f.head = f.added[:n], 0
	}
	return in
}

// grows reports whether what tasks add has to be told apart by attempts.
func (p *policy) grows() bool { return p.tasks.Group != nil || p.parent.Grows() }
