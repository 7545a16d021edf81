package parfor

import (
	"context"
	"fmt"
	"sync"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/observe"
)

// The methods by which a Control steers a stream.

func (s *stream[In, Out]) setPaused(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate.over || s.gate.paused == paused {
		return
	}
	s.gate.paused = paused
	text := "resumed"
	if paused {
		text = "paused"
	}
	s.meter.Event(observe.Event{Kind: observe.Steered, Index: -1, Text: text})
	if s.queued() > 0 {
		s.offer()
	}
}

func (s *stream[In, Out]) resize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate.over {
		return
	}
	if s.engine.Local == nil && s.engine.Remote == nil {
		s.width = max(s.width, n) // goroutines of its own
	} else if s.engine.Remote != nil {
		s.width = max(s.width, s.engine.Remote.Slots()) // a pool may have grown
	}
	n = min(n, s.width)
	s.meter.Event(observe.Event{Kind: observe.Scale, Index: -1, Text: fmt.Sprintf("%d -> %d workers: set", s.room(), n)})
	s.gate.most = n
	if s.queued() > 0 {
		s.offer()
	}
}

// room is how many tasks may run at once.
func (s *stream[In, Out]) room() int {
	n := s.width
	if s.gate.most > 0 {
		n = min(n, s.gate.most)
	}
	if s.gate.tuner != nil {
		n = min(n, s.gate.tuner.limit.Workers)
	}
	return n
}

// end kills the task of an item, if it runs.
func (s *stream[In, Out]) end(index int) bool {
	if s.remote == nil {
		return s.kills.kill(index)
	}
	s.mu.Lock()
	var t engine.Task
	found := false
	for ref := range s.entries {
		if e := &s.entries[ref]; e.index == index && s.gate.guests[ref].inside {
			t, found = engine.Task{Index: index, Ref: int32(ref), Attempt: e.again}, true
		}
	}
	h := s.remote.handle
	s.mu.Unlock()
	if !found || !h.Running(t) {
		return false
	}
	h.Kill(t, ErrKilled)
	return true
}

// redoFailed has failed items run again.
func (s *stream[In, Out]) redoFailed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil || s.journal != nil || s.ending || s.stop.Load() {
		return 0 // what is forgotten as a failure has to run
	}
	s.loop.mu.Lock()
	failed := s.failed.takeAll()
	s.loop.mu.Unlock()
	s.redo = append(s.redo, failed...)
	s.readmit()
	return len(failed)
}

// readmit gives entries to items that are to run again. The lock is held.
func (s *stream[In, Out]) readmit() {
	for len(s.redo) > 0 && len(s.freed) > 0 && !s.stop.Load() {
		i := s.redo[0]
		s.redo = s.redo[1:]
		s.place(i, s.at(i))
	}
}

func (s *stream[In, Out]) status() Status {
	s.loop.mu.Lock()
	failed := s.failed.count
	s.loop.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{Name: s.name, Running: s.gate.running, Waiting: s.queued(), Workers: s.room(), Failed: failed, Paused: s.gate.paused}
}

// kills are the running tasks of a loop in this process, so that they can be ended
// one by one. The nil one has none.
type kills struct {
	mu sync.Mutex
	of map[int]context.CancelCauseFunc
}

// begin gives an attempt a context of its own.
func (k *kills) begin(ctx context.Context, index int) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	k.mu.Lock()
	k.of[index] = cancel
	k.mu.Unlock()
	return ctx, func() {
		k.mu.Lock()
		delete(k.of, index)
		k.mu.Unlock()
		cancel(errStopped)
	}
}

func (k *kills) kill(index int) bool {
	k.mu.Lock()
	cancel := k.of[index]
	k.mu.Unlock()
	if cancel != nil {
		cancel(ErrKilled)
	}
	return cancel != nil
}
