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
	load *load // of what it refers to, or nil
}

func (l *loop) arrived(p part) {
	l.fetch(&p)
	l.parts = append(l.parts, p)
}

// collect commits the results that have come, as one batch.
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
	batch := l.parts[:n:n]
	l.parts = l.parts[n:]
	consumed := make([]uint64, len(batch))
	for i, p := range batch {
		consumed[i] = p.seq
	}
	l.commit(consumed, func() {
		for _, p := range batch {
			if p.Part == nil {
				l.marked(p.mark)
				continue
			}
			var took time.Duration
			counted := 0
			for i := range p.Proposals {
				q := &p.Proposals[i]
				if l.decide(p, q) && q.Kind == wire.OK {
					took += q.Took
					counted++
				}
			}
			l.owner.costs.note(l.lane, took, counted)
			l.spend(p)
		}
	})
}

// decide takes a proposal if it is the first of its item's round. Others come
// from agents that were thought dead, or twice. It reports whether it did.
func (l *loop) decide(from part, p *wire.Proposal) bool {
	s := l.open[p.Index]
	if s == nil || s.round != p.Round {
		return false
	}
	worker := l.owner.places.number(from.Agent, p.Worker)
	x := &engine.Outcome{Worker: worker, PID: p.PID, Took: p.Took, Start: meter.Now() - int64(p.Took)}
	if p.Away && from.load.lost[p.Index] != nil {
		x.Err = from.load.lost[p.Index]
		l.finish(s, x)
		return true
	}
	switch p.Kind {
	case wire.OK:
		x.Out = p.Bytes
	case wire.Failed:
		x.Err = errwire.Decode(p.Bytes)
	case wire.Poisoned:
		x.Err = parfor.Permanent(fmt.Errorf("%w: %w", ErrPoison, errwire.Decode(p.Bytes)))
	case wire.Lost:
		x.Err = fmt.Errorf("%w: %w", ErrLost, errwire.Decode(p.Bytes))
	case wire.Unstarted:
		l.reopen(s)
		return true
	}
	l.finish(s, x)
	return true
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
	s.chunk = nil
	s.round++
	l.owner.watch.Again.Add(1)
	l.again = append(l.again, s)
}

// finish ends an attempt: it is decided, counted, then reported.
func (l *loop) finish(s *sent, x *engine.Outcome) {
	l.leave(s)
	index := s.task.Index
	l.job.Settle(s.task, x)
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

// leave takes a task off the books.
func (l *loop) leave(s *sent) {
	l.mu.Lock()
	if l.open[s.task.Index] != nil {
		l.owner.watch.InFlight.Add(-1)
	}
	delete(l.open, s.task.Index)
	l.mu.Unlock()
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
