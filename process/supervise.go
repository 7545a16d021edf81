package process

import (
	"sync"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/meter"
)

// supervisor enforces time limits: one goroutine per pool, which runs only
// while some loop has a timeout or is cancelled.
type supervisor struct {
	pool    *Pool
	running bool // guarded by the pool's lock
	ending  bool
	group   sync.WaitGroup
}

// tick is how often it looks; a limit is enforced at most that much late.
const tick = 5 * time.Millisecond

// watch makes the supervisor look at the loop's tasks. The pool's lock is held.
func (p *Pool) watch(a *attachment) {
	if a.watched {
		return
	}
	a.watched = true
	p.watching++
	if s := p.supervisor; !s.running && !s.ending {
		s.running = true
		s.group.Go(s.run)
	}
}

// end waits for the goroutine. No job is left.
func (s *supervisor) end() {
	s.pool.mu.Lock()
	s.ending = true
	s.pool.mu.Unlock()
	s.group.Wait()
}

// seen is how long the supervisor has watched a task run. It counts its own
// ticks instead of comparing clocks, so that time in which the whole program
// was stopped (SIGTSTP) is nobody's.
type seen struct {
	pos       uint64
	running   time.Duration
	cancelled time.Duration
}

func (s *supervisor) run() {
	every := time.NewTicker(tick)
	defer every.Stop()
	book := make([][]seen, len(s.pool.owners))
	for i := range book {
		book[i] = make([]seen, s.pool.slots)
	}
	last := meter.Now()
	for range every.C {
		now := meter.Now()
		step := min(time.Duration(now-last), 20*tick)
		last = now
		if !s.needed() {
			return
		}
		for i, o := range s.pool.owners {
			s.look(o, book[i], now, step)
		}
	}
}

// needed reports whether to go on; the goroutine ends under the lock, so that
// watch starts another in time.
func (s *supervisor) needed() bool {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watching == 0 {
		s.running = false
	}
	return s.running
}

// look finds tasks of one worker that have overrun.
func (s *supervisor) look(o *owner, book []seen, now int64, step time.Duration) {
	o.reach.RLock()
	defer o.reach.RUnlock()
	if o.proc == nil {
		return
	}
	for i := range book {
		st := o.proc.mem.Status(i)
		pos := st.Current.Load()
		if pos == 0 {
			book[i] = seen{}
			continue
		}
		loop, began := st.Loop.Load(), st.StartedAt.Load()
		if st.Current.Load() != pos {
			continue // another task by now
		}
		b := &book[i]
		if b.pos != pos {
			*b = seen{pos: pos, running: min(step, max(0, time.Duration(now-began)))}
		} else {
			b.running += step
		}
		a := s.loop(loop)
		if a == nil {
			continue
		}
		if a.canceled.Load() {
			b.cancelled += step
		}
		s.judge(o, a, b)
	}
}

func (s *supervisor) loop(id uint32) *attachment {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	return s.pool.jobs[id]
}

func (s *supervisor) judge(o *owner, a *attachment, b *seen) {
	spec := a.spec
	late := &overdue{pos: b.pos - 1, grace: spec.Grace}
	switch {
	case spec.Timeout > 0 && b.running > spec.Timeout+spec.Grace:
		late.timeout = &parfor.TimeoutError{Limit: spec.Timeout, Took: b.running, Killed: true, PID: o.proc.pid}
	case b.cancelled > spec.Grace:
		late.cause = a.cause()
	default:
		return
	}
	if o.late.CompareAndSwap(nil, late) {
		o.signal()
	}
}
