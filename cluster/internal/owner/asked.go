package owner

import (
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/internal/task"
)

// The dictionaries of a loop are this program's, like those of loops on worker
// processes: what tasks ask of them comes here, and is answered from the newest
// commit. So whoever asks sees every commit that was reported before.

var errNotHis = errors.New("parfor: the task is over, or another agent has it by now: what this one does counts no more")

// nobody claims nothing: it stands for attempts that have asked for nothing.
const nobody = 1 << 62

// asker is who asks for a task.
type asker struct {
	claims uint64            // of the attempt that asked last
	agents map[string]uint64 // claimants, by agent: more than one if one was thought dead
	over   bool              // guarded by mu
	mu     sync.Mutex
}

// admit takes an attempt's question, and reports whether it may be asked. A new
// attempt takes the place of one whose agent is thought dead: what that one had
// claimed is free.
func (a *asker) admit(agent string, claimant uint64) bool {
	if a.claims == claimant {
		return true
	}
	if a.agents == nil {
		a.agents = map[string]uint64{}
	}
	if _, before := a.agents[agent]; before || claimant>>62 != 1 || claimant == nobody {
		return false
	}
	a.agents[agent] = claimant
	if a.claims != 0 {
		task.EndClaims(a.claims)
	}
	a.claims = claimant
	return true
}

// claimant is who claimed for an attempt that ended at an agent. False says that
// its claims were taken away.
func (a *asker) claimant(agent string) (uint64, bool) {
	by, asked := a.agents[agent]
	if !asked {
		return nobody, true
	}
	return by, by == a.claims
}

// end frees what attempts of the task claimed and did not commit.
func (a *asker) end() {
	a.mu.Lock()
	a.over = true
	a.mu.Unlock()
	if a.claims != 0 {
		task.EndClaims(a.claims)
	}
}

// late frees what was claimed by a question that was answered after the end.
func (a *asker) late(claimant uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		task.EndClaims(claimant)
	}
}

// asked takes a question.
func (o *Owner) asked(m *nats.Msg) {
	q, err := wire.DecodeAsk(m.Data)
	if err != nil || m.Reply == "" {
		return
	}
	id, ok := names.ParseLoop(q.Loop)
	if !ok {
		return
	}
	o.mu.Lock()
	l := o.open[id]
	o.mu.Unlock()
	r := o.replies.get(q)
	if !r.expect(m) {
		return
	}
	if l == nil {
		r.give(nil, errNotHis)
		return
	}
	l.put(func() { l.question(q, r) })
}

// question deals with a question once the commits are made that it comes after.
func (l *loop) question(q *wire.Ask, r *reply) {
	s := l.open[q.Index]
	switch {
	case l.broken != nil:
		r.give(nil, l.broken)
	case s == nil || s.round != q.Round:
		r.give(nil, errNotHis)
	case q.After > l.log.upto:
		l.early = append(l.early, func() { l.question(q, r) })
	case !s.asker.admit(q.Agent, q.Claimant):
		r.give(nil, errNotHis)
	default:
		a := s.asker // the task's may be another one by the time of the answer
		l.owner.running.Go(func() {
			r.give(serve(q))
			a.late(q.Claimant)
		})
	}
}

// resume looks again at questions that came too early.
func (l *loop) resume() {
	early := l.early
	l.early = nil
	for _, f := range early {
		f()
	}
}

// serve answers. A function of the program that panics fails the task that asked.
func serve(q *wire.Ask) (answer []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("parfor: the owner panicked: %v", v)
		}
	}()
	if q.Kind == call.ThroughKind {
		return nil, errors.New("parfor: a question can't go through two agents")
	}
	return call.Serve(q.Kind, q.Req)
}
