package parfor

import (
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

// appear makes the loop known to those who look for deadlocks, if the program
// has anything to wait for: package dict has.
func (l *loop) appear() (forget func()) {
	if !task.NeedIdentity {
		return func() {}
	}
	l.tasks.Width = l.width(defaultInFlight)
	if l.parent != nil {
		task.Loose.Add(1)
		return func() { task.Loose.Add(-1) }
	}
	return task.Began(l)
}

// lookAt says how to find out whether the loop is stuck; without it, it is if
// all its goroutines are.
func (l *loop) lookAt(look func(*task.Asleep) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look = look
}

// Stuck reports whether nothing in the loop moves by itself. A loop that is
// about to end isn't stuck: its caller goes on.
func (l *loop) Stuck(a *task.Asleep) bool {
	l.mu.Lock()
	look := l.look
	l.mu.Unlock()
	if l.ctx.Err() != nil || l.stop.Load() {
		return false
	}
	if look != nil {
		return look(a)
	}
	return l.engine.Remote == nil && l.dozes(a, 0)
}

// dozes reports whether all goroutines that run bodies in this process wait:
// idle ones for an item, the others inside of a body.
func (l *loop) dozes(a *task.Asleep, idle int) bool {
	n := a.Loops[l.tasks]
	return n > 0 && int(l.live.Load())-idle == n
}

// stuckAt reports whether the loop's tasks at a remote executor wait, open of
// them, and none can start: for want of a slot, or because there is none.
func (l *loop) stuckAt(h engine.Handle, open int, none bool, a *task.Asleep) bool {
	p, known := l.engine.Remote.(interface{ Program() uint64 })
	r, attached := h.(interface{ Run() uint64 })
	if !known || !attached {
		return false
	}
	n := a.Runs[[2]uint64{p.Program(), r.Run()}]
	if n > 0 && l.workers > 0 && n >= l.workers {
		return true
	}
	return a.Programs[p.Program()] >= l.engine.Remote.Slots() || n > 0 && none && n == open
}

// stuck sees a loop over a slice on other processes: its caller waits for it.
func (j *sliceJob[In, Out]) stuck(a *task.Asleep) bool {
	j.take.Lock()
	defer j.take.Unlock()
	none := j.next == len(j.items) && len(j.returned) == 0
	return j.stuckAt(j.handle, int(j.open.Load()), none, a)
}

// stuck sees a stream: source and consumer are code that may wake somebody,
// while they run.
func (s *stream[In, Out]) stuck(a *task.Asleep) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.waits || s.pickable() || s.open == 0 || s.gate != nil && s.queued() > 0 {
		return false // or time will let something start
	}
	ended := false
	select {
	case <-s.fed:
		ended = true
	default:
	}
	if !ended && (s.inSource || len(s.freed) > 0) {
		return false
	}
	if s.delays.some() && (s.idle > 0 || s.started < s.width) {
		return false // somebody will run what waits for a further attempt
	}
	if s.remote == nil {
		return s.dozes(a, s.idle-s.called)
	}
	return s.stuckAt(s.remote.handle, s.open, ended && s.ready.len() == 0, a)
}
