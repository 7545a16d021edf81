package parfor

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"parfor.dev/parfor/internal/meter"
)

// slicedWindow is how many items of a slice a gate looks at at once.
const slicedWindow = 1 << 16

// guard makes the stream's gate.
func (s *stream[In, Out]) guard() error {
	g := &gate{guests: make([]guest, len(s.entries))}
	for _, r := range s.limits {
		t := &throttle{Limit: r.Limit, quotas: map[string]*quota{}}
		switch f := r.key.(type) {
		case nil:
		case func(In) string:
			t.key = func(ref int32) string { return f(s.entries[ref].in) }
		default:
			return fmt.Errorf("%w: LimitBy takes %T here, not %T", ErrOption, *new(func(In) string), r.key)
		}
		switch f := r.weight.(type) {
		case nil:
		case func(In) int:
			t.weight = func(ref int32) float64 { return float64(f(s.entries[ref].in)) }
		default:
			return fmt.Errorf("%w: LimitWeight takes %T here, not %T", ErrOption, *new(func(In) int), r.weight)
		}
		g.rules = append(g.rules, t)
	}
	g.wake = s.look
	s.gate = g
	if s.auto {
		s.adapt()
	}
	if s.control != nil {
		s.kills = &kills{of: map[int]context.CancelCauseFunc{}}
	}
	return nil
}

// adapt begins to tune.
func (s *stream[In, Out]) adapt() {
	cores := 0
	if s.engine.Remote == nil {
		cores = runtime.GOMAXPROCS(0)
	}
	most := s.width
	if s.loop.workers > 0 {
		most = min(most, s.loop.workers)
	}
	t := newTuner(min(defaultInFlight, most), most, cores, time.Now())
	s.gate.tuner = t
	s.mu.Lock()
	defer s.mu.Unlock()
	t.timer = time.AfterFunc(time.Millisecond, s.tick)
}

// tick has the controller decide.
func (s *stream[In, Out]) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide()
}

func (s *stream[In, Out]) decide() {
	g := s.gate
	if g.over {
		return
	}
	t := g.tuner
	t.timer.Reset(t.tick(g.running, time.Now()))
	for _, e := range t.news() {
		s.meter.Event(e)
	}
	if s.queued() > 0 {
		s.offer()
	}
}

// look wakes somebody who finds out what may start now.
func (s *stream[In, Out]) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.armed = time.Time{}
	if s.queued() > 0 {
		s.offer()
	}
}

// startable takes an entry that may start now. The lock is held, as below.
func (s *stream[In, Out]) startable() (ref int32, ok bool) {
	if s.gate == nil {
		return s.ready.pop()
	}
	return s.gate.next(&s.ready, time.Now())
}

// queued is how many entries are to start.
func (s *stream[In, Out]) queued() int {
	if s.gate == nil {
		return s.ready.len()
	}
	return s.ready.len() + s.gate.waiting + len(s.redo)
}

// leave says that an entry doesn't run any more, or, unused, never did.
func (s *stream[In, Out]) leave(ref int32, unused bool) {
	if s.gate != nil {
		s.gate.leave(ref, unused, time.Now())
	}
}

// measure counts an attempt that ended.
func (s *stream[In, Out]) measure(took time.Duration, err error) {
	if took >= 0 && s.gate != nil && s.gate.tuner != nil && s.gate.tuner.ended(took, err) {
		s.decide()
	}
}

// pause ends a failed attempt that is to be followed by another. The lock is not
// held.
func (s *stream[In, Out]) pause(ref int32, took time.Duration, err error) {
	if s.gate == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(ref, false)
	s.measure(took, err)
}

// clock is the time, where somebody wants to know.
func (s *stream[In, Out]) clock() time.Duration {
	if s.gate == nil || s.gate.tuner == nil {
		return 0
	}
	return time.Duration(meter.Now())
}
