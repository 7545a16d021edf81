package owner

import (
	"fmt"
	"sync"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/failure"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

// part is a message of the results stream: proposals, or a mark of the owner's
// own, which says that everything before it has come.
type part struct {
	seq uint64
	*wire.Part
	mark string
	size int   // of the message
	load *load // of what it refers to, or nil
}

func (l *loop) arrived(p part) {
	l.came++
	l.fetch(&p)
	l.parts = append(l.parts, p)
}

// collect decides the results that have come, and reports them once the log has
// that, as one batch.
func (l *loop) collect() {
	if l.log.busy || !l.opened || l.broken != nil {
		return
	}
	n := l.whole()
	if l.due(n == 0) && !l.detached && l.kept == nil { // whose results stay
		l.snapshot()
		return
	}
	if n == 0 {
		return
	}
	var consumed []uint64
	var reports []report
	for ; n > 0 && l.records.size < batchChanges; n-- {
		p := l.parts[0]
		l.parts = l.parts[1:]
		consumed = append(consumed, p.seq)
		l.log.takenBytes += int64(p.size)
		if p.Part == nil {
			reports = append(reports, report{other: func() { l.marked(p.mark) }})
			continue
		}
		reports = append(reports, l.rule(p)...)
		reports = append(reports, report{other: func() { l.spend(p) }})
	}
	l.commit(consumed, func() {
		for _, r := range reports {
			l.say(&r)
		}
	})
	l.resume()
}

// report is what is to be done once the log has a result.
type report struct {
	of    *sent           // the task, or nil for what is of none,
	other func()          // which is this
	x     *engine.Outcome // of the task, or nil: it is to run anew
}

func (l *loop) say(r *report) {
	switch {
	case r.of == nil:
		r.other()
	case l.open[r.of.task.Index] != r.of: // it was buried meanwhile
	case r.x == nil:
		l.reopen(r.of)
	default:
		l.report(r.of, r.x)
	}
}

// rule decides the proposals of a part.
func (l *loop) rule(p part) (reports []report) {
	var took time.Duration
	counted := 0
	for i := range p.Proposals {
		q := &p.Proposals[i]
		r := l.decide(p, q)
		if r.of == nil {
			continue
		}
		reports = append(reports, r)
		if q.Kind == wire.OK {
			took += q.Took
			counted++
		}
	}
	l.owner.costs.note(l.lane, took, counted)
	return reports
}

// decide takes a proposal if it is the first of its item's round, and commits what
// it has. Others come from agents that were thought dead, or twice: they have no
// report.
func (l *loop) decide(from part, p *wire.Proposal) (r report) {
	s := l.open[p.Index]
	if s == nil || s.round != p.Round || s.ruled {
		return r
	}
	claims, his := s.asker.claimant(from.Agent)
	if p.Kind == wire.Unstarted || !his {
		s.ruled = true
		l.refuse(p)
		return report{of: s}
	}
	x := l.outcome(from, p)
	x.Claims = claims
	l.settle(s, x)
	if x.Err != nil {
		l.refuse(p)
	}
	return report{of: s, x: x}
}

// refuse notes that a success is none.
func (l *loop) refuse(p *wire.Proposal) {
	if l.kept != nil && p.Kind == wire.OK {
		l.records.refused = append(l.records.refused, p.Index)
	}
}

// outcome is what a proposal says.
func (l *loop) outcome(from part, p *wire.Proposal) *engine.Outcome {
	x := &engine.Outcome{Worker: l.owner.places.number(from.Agent, p.Worker), PID: p.PID, Took: p.Took, Start: meter.Now() - int64(p.Took)}
	if p.Away && from.load.lost[p.Index] != nil {
		x.Err = from.load.lost[p.Index]
		return x
	}
	x.Writes = p.Writes
	switch p.Kind {
	case wire.OK:
		x.Out = p.Bytes
	case wire.Failed:
		x.Err = errwire.Decode(p.Bytes)
	case wire.Poisoned:
		x.Err = parfor.Permanent(fmt.Errorf("%w: %w", ErrPoison, errwire.Decode(p.Bytes)))
	case wire.Lost:
		x.Err = fmt.Errorf("%w: %w", ErrLost, errwire.Decode(p.Bytes))
	}
	return x
}

// reopen has a task run that came back without a verdict: alone, so that what
// its agents died of is known to be this one.
func (l *loop) reopen(s *sent) {
	l.leave(s)
	if l.canceled || l.broken != nil {
		l.giveBack([]engine.Task{s.task})
		return
	}
	l.rounds[s.task.Index] = s.round + 1
	l.hold(s) // still claimed; its place is in again until it is sent
	s.chunk, s.asker, s.ruled = nil, new(asker), false
	s.round++
	l.owner.watch.Again.Add(1)
	l.again = append(l.again, s)
}

// finish ends an attempt.
func (l *loop) finish(s *sent, x *engine.Outcome) {
	l.settle(s, x)
	l.report(s, x)
}

// settle decides an attempt, and commits what it did to dictionaries.
func (l *loop) settle(s *sent, x *engine.Outcome) {
	s.ruled = true
	if l.kept != nil {
		x.Note = &l.records.note
	}
	l.job.Settle(s.task, x)
}

// report ends an attempt that was decided: it is counted, then reported.
func (l *loop) report(s *sent, x *engine.Outcome) {
	l.leave(s)
	index := s.task.Index
	if x.Resumed {
		l.spec.Meter.Skip(1)
	} else {
		l.count(s, x)
	}
	if l.kept != nil && x.Err == nil {
		l.kept.good++
	}
	if x.Flags&observe.Retried != 0 {
		l.rounds[index] = s.round + 1
	} else {
		delete(l.rounds, index)
		l.done.add(uint64(index))
		l.unload(index)
	}
	l.job.Finish(s.task, x)
}

// leave takes a task off the books, and frees what its attempts claimed in vain.
func (l *loop) leave(s *sent) {
	l.mu.Lock()
	if l.open[s.task.Index] != nil {
		l.owner.watch.InFlight.Add(-1)
	}
	delete(l.open, s.task.Index)
	l.mu.Unlock()
	s.asker.end()
	l.leaveChunk(s)
}

// leaveChunk takes a task out of its chunk.
func (l *loop) leaveChunk(s *sent) {
	if c := s.chunk; c != nil {
		if c.left--; c.left == 0 {
			delete(l.chunks, c.number)
		}
	}
}

func (l *loop) count(s *sent, x *engine.Outcome) {
	shard := l.spec.Meter.Shard(x.Worker)
	shard.PID(x.PID)
	if l.spec.Meter.Watched() {
		f := x.Flags
		if x.Err != nil {
			f |= failure.Flags(x.Err)
		}
		shard.Task(x.Start, int64(x.Took), s.task.Index, int(s.task.Attempt), f)
		return
	}
	n := func(f observe.Flags) int {
		if x.Flags&f != 0 {
			return 1
		}
		return 0
	}
	shard.Count(n(observe.OK), n(observe.Failed), n(observe.Retried), int64(x.Took))
}

// places numbers the workers of all agents, in the order in which they are heard
// of. It is safe for concurrent use.
type places struct {
	mu    sync.Mutex
	known map[place]int
}

// place is a worker of an agent.
type place struct {
	agent  string
	worker int
}

func (p *places) number(agent string, worker int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[place]int{}
	}
	key := place{agent, worker}
	n, ok := p.known[key]
	if !ok {
		n = len(p.known)
		p.known[key] = n
	}
	return n
}
