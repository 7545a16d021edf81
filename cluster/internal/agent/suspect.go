package agent

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/errwire"
)

// An item that comes a second time is suspect: an agent died with it in its
// hands, maybe of it. How often it was delivered proves nothing, for an innocent
// item may wait beside a deadly one again and again. So an agent runs one suspect
// at a time, and notes in the results stream that it is about to. An item with as
// many notes as MaxDeliveries says has had that many agents die on it.

// suspects makes a chunk the one that the agent suspects. Others that come
// meanwhile are given back and sent anew.
func (a *Agent) suspects(h *held) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.suspect != nil {
		return false
	}
	a.suspect = h
	return true
}

// try notes that a suspect is about to begin for the nth time, or a later one if
// that note is there, then has it begin. The lock is held.
func (w *work) try(h *held, nth int) {
	a := w.agent
	item := &h.chunk.Items[0]
	m := nats.NewMsg(a.Link.Space.Try(w.id, item.Index, item.Round, nth))
	m.Header.Set("Nats-Msg-Id", m.Subject+"."+a.id)
	a.Link.Post.Send(m, func(ack post.Ack, err error) {
		var refused *post.Refused
		taken := errors.As(err, &refused) && refused.Taken() || err == nil && ack.Duplicate
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, here := w.chunks[h]; !here {
			return
		}
		switch {
		case taken:
			w.try(h, nth+1)
		case errors.Is(err, post.ErrClosed):
		case err != nil:
			w.forsake(h, err)
		case nth > a.Deliveries:
			w.poison(h, nth-1)
		default:
			w.enqueue(h)
			if w.handle != nil {
				w.handle.Wake()
			}
		}
	})
}

// poison ends an item that agents died of, and keeps a copy of it. The lock is
// held.
func (w *work) poison(h *held, deaths int) {
	a := w.agent
	m := nats.NewMsg(a.Link.Space.Poison(w.lane.name, w.id, h.chunk.Items[0].Index))
	m.Data = h.message().Data
	a.Link.Post.Send(m, func(_ post.Ack, err error) {
		if err != nil {
			slog.Warn("parfor: no copy was kept of an item that agents died of", "error", err)
		}
	})
	err := &parfor.WorkerError{Cause: parfor.Killed, ExitCode: -1,
		Reason: fmt.Sprintf("%d agents in a row began the item, and none came back with it", deaths)}
	w.proposeAll(h, wire.Poisoned, errwire.Append(nil, err))
}
