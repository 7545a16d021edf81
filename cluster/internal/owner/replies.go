package owner

import (
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/wire"
)

// replies remembers what was answered until the agent is known to have it, so
// that a question that is sent again is not done again.
type replies struct {
	mu     sync.Mutex
	agents map[string]*agentReplies
}

type agentReplies struct {
	done uint64
	of   map[uint64]*reply
}

// reply is that to one question.
type reply struct {
	number uint64

	mu      sync.Mutex
	begun   bool
	data    []byte // nil before it is there
	waiting []*nats.Msg
}

// get returns the reply to a question; nil means that the agent has it.
func (s *replies) get(q *wire.Ask) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.agents[q.Agent]
	if a == nil {
		if s.agents == nil {
			s.agents = map[string]*agentReplies{}
		}
		a = &agentReplies{of: map[uint64]*reply{}}
		s.agents[q.Agent] = a
	}
	a.done = max(a.done, q.Done)
	for n := range a.of {
		if n < a.done {
			delete(a.of, n)
		}
	}
	if q.Number < a.done {
		return nil
	}
	r := a.of[q.Number]
	if r == nil {
		r = &reply{number: q.Number}
		a.of[q.Number] = r
	}
	return r
}

// forget forgets all: no loop is open, so nothing that is sent again is done.
func (s *replies) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agents = nil
}

// expect notes who is to get the reply, and reports whether the question is new.
func (r *reply) expect(m *nats.Msg) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.data != nil {
		m.Respond(r.data) // who gets none asks again
		return false
	}
	r.waiting = append(r.waiting, m)
	begun := r.begun
	r.begun = true
	return !begun
}

// give replies.
func (r *reply) give(answer []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &wire.Answer{Number: r.number, Bytes: answer}
	if err != nil {
		w.Failed, w.Bytes = true, []byte(err.Error())
	}
	r.data = wire.AppendAnswer(nil, w)
	for _, m := range r.waiting {
		if err := m.Respond(r.data); err == nats.ErrMaxPayload {
			w.Failed, w.Bytes = true, fmt.Appendf(nil, "parfor: the answer takes %d bytes, more than a message of this cluster may have: ask for less at once, or raise the server's max_payload", len(r.data))
			r.data = wire.AppendAnswer(nil, w)
			m.Respond(r.data)
		}
	}
	r.waiting = nil
}
