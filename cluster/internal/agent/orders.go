package agent

import (
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/task"
)

// order does what an owner says.
func (a *Agent) order(m *nats.Msg) {
	o, err := wire.DecodeOrder(m.Data)
	if err != nil {
		return
	}
	id, ok := names.ParseLoop(o.Loop)
	if !ok {
		return
	}
	a.mu.Lock()
	w := a.works[id]
	if o.Action != wire.Kill {
		a.over[id] = time.Now() // before the answer: what comes later doesn't begin
	}
	a.mu.Unlock()
	switch o.Action {
	case wire.Kill:
		if w != nil {
			w.kill(o.Index, o.Round, errwire.Decode(o.Cause))
		}
	case wire.Over:
		if w != nil {
			w.end(task.ErrStopped, true)
		}
	case wire.Cancel:
		if w != nil {
			w.cancel(&ended{errwire.Decode(o.Cause)})
			w.handBack(func(*held) bool { return true })
		}
		if m.Reply != "" {
			h := wire.Holding{Agent: a.id, Chunks: a.holds(id)}
			m.Respond(wire.AppendHolding(nil, &h)) // who isn't answered asks again
		}
	}
}

// holds are the chunks of a loop in the agent's hands.
func (a *Agent) holds(id names.Loop) (ns []uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for h := range a.held {
		if h.loop == id {
			ns = append(ns, h.number)
		}
	}
	slices.Sort(ns)
	return slices.Compact(ns)
}

// ended is why a loop ended, as bodies see it: an echo of that is no failure of
// an item.
type ended struct{ cause error }

func (e *ended) Error() string   { return e.cause.Error() }
func (e *ended) Unwrap() []error { return []error{e.cause, task.ErrStopped} }
