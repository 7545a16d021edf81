package parfor

import (
	"iter"
	"sync"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/task"
)

// stream is a running [Stream]. Its items live in a fixed number of entries,
// the window: the feeder takes a free one for each item of the source, workers
// claim it, the consumer yields it and gives it back.
type stream[In, Out any] struct {
	*loop
	body    body[In, Out]
	coding  coding[In, Out]
	source  iter.Seq2[In, error]
	entries []entry[In, Out]
	workers sync.WaitGroup
	width   int
	known   int                 // how many items the source has, -1 if only it knows
	remote  *streamJob[In, Out] // nil in this process
	keys    *itemKeys[In]       // of a journaled loop, for the feeder
	result  *codec.Codec[Out]   // likewise
	fed     chan struct{}       // closed when the feeder has ended
	group   *frontier[In, Out]  // instead of source and feeder, nil unless tasks add tasks

	mu       sync.Mutex
	space    sync.Cond // the feeder waits for a free entry
	work     sync.Cond // workers wait for a ready one
	news     sync.Cond // the consumer waits for a finished one, or the end
	freed    []int32
	ready    refs                 // to be claimed, in input order
	finished refs                 // to be yielded
	lineup   lineup               // instead, in order
	turn     int                  // index to be yielded next, in order
	taken    int                  // items taken from the source
	open     int                  // claimed, not settled
	started  int                  // worker goroutines
	idle     int                  // of them, waiting for work
	called   int                  // of those, woken
	gate     *gate                // nil where everything may start at once
	redo     []int                // failed items that are to run again
	at       func(index int) In   // nil where items are not kept
	waits    bool                 // the consumer waits for news
	sink     func(i int, out Out) // where results go, in place of the consumer

	sourceDone bool // ended by itself
	ending     bool // the consumer saw the end: nothing can be added
	inSource   bool // the feeder is in the source's own code

	ended error // the loop's, once it is over
}

type entry[In, Out any] struct {
	index, attempt int
	in             In
	out            Out
	commit         uint64
	failed         *TaskError
	again          int32      // attempt to claim it with
	note           *task.Note // in a journaled loop
	resumed        bool
}

func newStream[In, Out any](l *loop, seq iter.Seq2[In, error], b body[In, Out], c coding[In, Out], known int, at func(index int) In, sink func(i int, out Out)) (*stream[In, Out], error) {
	s := &stream[In, Out]{loop: l, body: b, coding: c, source: seq, known: known, at: at, sink: sink, fed: make(chan struct{})}
	s.space.L, s.work.L, s.news.L = &s.mu, &s.mu, &s.mu
	window := l.window
	if l.engine.Remote != nil {
		s.width = l.engine.Remote.Slots()
		if window == 0 {
			window = max(4096, 4*s.width)
		}
	} else {
		usual := defaultInFlight
		if l.auto {
			usual = autoMost
		}
		s.width = l.width(usual)
		if window == 0 {
			window = max(64, 4*s.width)
		}
	}
	s.entries = make([]entry[In, Out], window)
	s.freed = make([]int32, window)
	for i := range s.freed {
		s.freed[i] = int32(window - 1 - i)
	}
	s.ready.init(window)
	if l.inOrder {
		s.lineup = make(lineup, window)
	} else {
		s.finished.init(window)
	}
	if l.labels == nil {
		if err := labelled(l, s.item); err != nil {
			return nil, err
		}
	}
	if l.journaled.on() {
		if err := s.openJournal(); err != nil {
			return nil, err
		}
	}
	l.lookAt(s.stuck)
	l.begin(s.width, known)
	if l.gated() {
		if err := s.guard(); err != nil {
			l.abort(err)
			l.close(0, known, false)
			return nil, err
		}
	}
	s.group, _ = l.tasks.Group.(*frontier[In, Out])
	if s.journal != nil {
		s.tellOfJournal()
	}
	if err := s.attach(); err != nil {
		l.abort(err)
		l.close(0, known, false)
		return nil, err
	}
	if l.control != nil {
		undo, detach := l.undo, l.control.attach(s)
		l.undo = func() { detach(); undo() }
	}
	l.onHalt(s.wakeAll)
	l.onHalt(s.delays.halt)
	if s.group != nil {
		s.group.begin(s)
	} else {
		go s.feed()
	}
	return s, nil
}

// attach puts the stream before the workers of a remote executor, if it runs
// on one.
func (s *stream[In, Out]) attach() error {
	if s.engine.Remote == nil {
		return nil
	}
	what, err := s.spec(s.body.registered)
	if err != nil {
		return err
	}
	if err := s.engine.Remote.Check(what); err != nil {
		return err
	}
	s.remote = &streamJob[In, Out]{stream: s, what: what, in: s.coding.in, result: s.coding.out}
	h, err := s.engine.Remote.Attach(s.group.job(s.remote))
	s.mu.Lock()
	s.remote.handle = h
	s.mu.Unlock()
	return err
}

// item finds the input of an item in flight, for labels.
func (s *stream[In, Out]) item(index int) (in In) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.entries {
		if e := &s.entries[i]; e.index == index {
			return e.in
		}
	}
	return in
}

func (s *stream[In, Out]) wakeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.space.Broadcast()
	s.work.Broadcast()
	s.news.Broadcast()
}

// offer makes somebody claim a ready entry. The lock is held.
func (s *stream[In, Out]) offer() {
	switch {
	case s.remote != nil:
		if s.remote.handle != nil {
			s.remote.handle.Wake()
		}
	case s.idle > s.called: // whoever was called is spoken for
		s.called++
		s.work.Signal()
	case s.started < s.width:
		s.started++
		s.workers.Add(1)
		s.live.Add(1)
		go s.start(s.started - 1)
	}
}

// next blocks until a result is to be yielded; false means there are no more.
func (s *stream[In, Out]) next() (ref int32, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if ref, ok := s.pick(); ok {
			return ref, true
		}
		if s.open == 0 && (s.stop.Load() || s.sourceDone && s.queued() == 0) {
			s.ending = true
			return s.pickLast()
		}
		s.waits = true
		s.news.Wait()
		s.waits = false
	}
}

// pick finds the entry to yield now. The lock is held.
func (s *stream[In, Out]) pick() (int32, bool) {
	if !s.inOrder {
		return s.finished.pop()
	}
	return s.lineup.take(s.turn)
}

// pickLast finds, in order, what finished behind a gap that will never close.
func (s *stream[In, Out]) pickLast() (int32, bool) {
	if s.inOrder {
		for ; s.turn < s.taken; s.turn++ {
			if ref, ok := s.lineup.take(s.turn); ok {
				return ref, true
			}
		}
	}
	return 0, false
}

// pickable reports whether pick would find one.
func (s *stream[In, Out]) pickable() bool {
	if s.inOrder {
		return s.lineup.has(s.turn)
	}
	return s.finished.len() > 0
}

// free gives a yielded entry back to the feeder.
func (s *stream[In, Out]) free(ref int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn = s.entries[ref].index + 1
	s.recycle(ref)
}

// recycle gives an entry back. The lock is held. The feeder sleeps until there
// is room for many or workers might soon have nothing: to wake it for each item
// would cost more than to run it.
func (s *stream[In, Out]) recycle(ref int32) {
	if s.gate != nil {
		s.gate.forget(ref)
	}
	s.entries[ref] = entry[In, Out]{index: -1}
	s.freed = append(s.freed, ref)
	s.readmit()
	if len(s.freed) >= len(s.entries)/2 || s.ready.len() <= s.width {
		s.space.Signal()
	}
	s.group.refill()
}

// settled records that an entry is done: finished, failed, or dropped. The
// lock is held.
func (s *stream[In, Out]) settled(ref int32, yield bool) {
	s.open--
	if s.sink != nil {
		s.leave(ref, false)
		s.recycle(ref)
		s.settledLast()
		return
	}
	if yield {
		if s.inOrder {
			s.lineup.put(s.entries[ref].index, ref)
		} else {
			s.finished.push(ref)
		}
	}
	s.group.settled(yield)
	s.news.Signal()
	s.leave(ref, false)
	s.settledLast()
}

// settledLast tells those who wait for it that nothing is left.
func (s *stream[In, Out]) settledLast() {
	switch {
	case s.open > 0:
	case s.stop.Load():
		s.news.Signal()
	case s.sourceDone && s.queued() == 0:
		s.news.Signal()
		s.work.Broadcast() // there will be none
	}
}
