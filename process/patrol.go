package process

import (
	"fmt"
	"time"

	"parfor.dev/parfor"
)

// patrolEvery is how often the supervisor looks at the workers' memory and
// pulse.
const patrolEvery = 250 * time.Millisecond

// patrols reports whether the supervisor has something to do while tasks run
// that have no limits of their own.
func (l *limits) patrols() bool {
	return l.memory > 0 || l.cpu > 0 || l.maxRSS > 0 || l.silence > 0
}

// pace is how often the supervisor has to look.
func (p *Pool) pace(watching bool) time.Duration {
	switch {
	case watching || p.cpu > 0:
		return tick
	case p.silence > 0:
		return min(patrolEvery, p.silence/4)
	}
	return patrolEvery
}

// round is what the supervisor remembers of a worker from one look to the next.
type round struct {
	proc  *proc
	pulse pulse
	since time.Duration // the last look at its memory
}

// visit looks at one worker as a whole.
func (s *supervisor) visit(o *owner, r *round, step time.Duration) {
	o.reach.RLock()
	defer o.reach.RUnlock()
	if o.proc == nil || o.pid.Load() == 0 {
		*r = round{}
		return
	}
	if r.proc != o.proc {
		*r = round{proc: o.proc, since: patrolEvery}
	}
	if state, yes := r.pulse.frozen(o, step); yes {
		o.sentence(&fate{o.proc, parfor.Frozen, fmt.Sprintf("sent no heartbeat for %v%s", s.pool.silence, state)})
	}
	if r.since += step; r.since >= patrolEvery {
		r.since = 0
		s.weigh(o)
	}
}

// weigh looks at the worker's memory.
func (s *supervisor) weigh(o *owner) {
	p := s.pool
	if p.memory == 0 && p.maxRSS == 0 {
		return
	}
	rss, ok := memoryOf(o.proc)
	if !ok {
		return
	}
	if p.memory > 0 && rss > p.memory {
		rss, _ = memoryOf(o.proc) // no second look has the same bad luck
	}
	if p.memory > 0 && rss > p.memory {
		o.sentence(&fate{o.proc, parfor.OOM, fmt.Sprintf("it used %s, its MemoryLimit is %s", mebibytes(rss), mebibytes(p.memory))})
	}
	if t := &o.proc.term; p.maxRSS > 0 && rss > t.maxRSS && !t.over.Swap(true) {
		o.signal()
	}
}

// tax looks at the processor time of the task that a worker with one slot runs.
func (s *supervisor) tax(o *owner, b *seen) {
	limit := s.pool.cpu
	if limit == 0 {
		return
	}
	now, ok := cpuOf(o.proc.pid)
	if !ok {
		return
	}
	if b.fresh {
		b.cpu, b.fresh = now, false
	}
	used := now - b.cpu
	if used <= limit {
		return
	}
	why := &fate{o.proc, parfor.CPUTime, fmt.Sprintf("the item used %v of processor time, its CPULimit is %v", used.Round(time.Millisecond), limit)}
	if o.late.CompareAndSwap(nil, &overdue{pos: b.pos - 1, fate: why}) {
		o.signal()
	}
}
