package process

import (
	"sync"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/meter"
)

// supervisor enforces limits: one goroutine per pool, which runs only while some
// loop has a timeout or is cancelled, or while workers have tasks if the pool has
// limits of its own.
type supervisor struct {
	pool    *Pool
	awake   atomic.Bool // running, for who doesn't hold the lock
	running bool        // guarded by the pool's lock
	ending  bool
	quiet   int // looks in a row at which no worker had a task
	wake    chan struct{}
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
	p.supervisor.begin()
}

// begin starts the goroutine, or has it look more often. The pool's lock is held.
func (s *supervisor) begin() {
	switch {
	case s.running:
		s.poke()
	case !s.ending:
		s.running, s.quiet = true, 0
		s.awake.Store(true)
		s.group.Go(s.run)
	}
}

func (s *supervisor) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// rouse is called when a worker that had no task gets one.
func (s *supervisor) rouse() {
	if s.awake.Load() || !s.pool.patrols() {
		return
	}
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if !s.running {
		s.begin()
	}
}

// end waits for the goroutine. No job is left.
func (s *supervisor) end() {
	s.pool.mu.Lock()
	s.ending = true
	s.pool.mu.Unlock()
	s.poke()
	s.group.Wait()
}

// seen is how long the supervisor has watched a task run. It counts its own
// ticks instead of comparing clocks, so that time in which the whole program
// was stopped (SIGTSTP) is nobody's.
type seen struct {
	pos       uint64
	running   time.Duration
	cancelled time.Duration
	fresh     bool          // its processor time was not looked at
	cpu       time.Duration // the worker's when it began
}

func (s *supervisor) run() {
	pace := tick
	every := time.NewTicker(pace)
	defer every.Stop()
	var book [][]seen
	var rounds []round
	for last := meter.Now(); ; {
		select {
		case <-every.C:
		case <-s.wake:
		}
		now := meter.Now()
		step := min(time.Duration(now-last), max(20*tick, 2*pace))
		last = now
		next := s.needed()
		if next == 0 {
			return
		}
		for i, o := range s.pool.team() {
			if i == len(book) {
				book, rounds = append(book, make([]seen, s.pool.slots)), append(rounds, round{})
			}
			s.look(o, book[i], now, step)
			s.visit(o, &rounds[i], step)
		}
		if next != pace {
			pace = next
			every.Reset(pace)
		}
	}
}

// needed is how often to look, 0 if never: the goroutine ends under the lock, so
// that watch starts another in time. While tasks come one by one it doesn't end
// and begin with each.
func (s *supervisor) needed() (pace time.Duration) {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watching > 0 || p.patrols() && p.busy.Load() > 0 {
		s.quiet = 0
	} else if s.quiet++; s.ending || !p.patrols() || s.quiet > quietLooks {
		s.awake.Store(false)
		if !s.ending && p.patrols() && p.busy.Load() > 0 { // it didn't see us leave
			s.awake.Store(true)
			s.quiet = 0
		} else {
			s.running = false
			return 0
		}
	}
	return p.pace(p.watching > 0)
}

// quietLooks is for how many looks the supervisor stays when nothing runs.
const quietLooks = 4

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
			*b = seen{pos: pos, fresh: true, running: min(step, max(0, time.Duration(now-began)))}
		} else {
			b.running += step
		}
		s.tax(o, b)
		a := s.loop(loop)
		if a == nil {
			continue
		}
		switch {
		case !a.canceled.Load():
		case b.cancelled == 0:
			b.cancelled = 1 // it was in this step, and the grace is not to be cut short
		default:
			b.cancelled += step
		}
		s.judge(o, a, b, i)
	}
}

func (s *supervisor) loop(id uint32) *attachment {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	return s.pool.jobs[id]
}

// judge notes what a task that has overrun is to fail with, should its process
// be killed for its own sake or a mate's, and has it killed after the grace.
func (s *supervisor) judge(o *owner, a *attachment, b *seen, slot int) {
	spec := a.spec
	timedOut := spec.Timeout > 0 && b.running > spec.Timeout
	if !timedOut && b.cancelled == 0 {
		return
	}
	late := &overdue{pos: b.pos - 1, grace: spec.Grace}
	tooLong, deaf := timedOut && b.running > spec.Timeout+spec.Grace, b.cancelled > spec.Grace
	if tooLong || timedOut && !deaf {
		late.timeout = &parfor.TimeoutError{Limit: spec.Timeout, Took: b.running, Killed: true, PID: o.proc.pid}
	} else {
		late.cause = a.cause()
	}
	o.dues[slot].Store(late)
	if (tooLong || deaf) && o.late.CompareAndSwap(nil, late) {
		o.signal()
	}
}
