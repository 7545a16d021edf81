package agent

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
)

// For how long a chunk that can't be read is left to others, at first and at most.
const (
	unreadLeast = time.Second
	unreadMost  = time.Minute
)

// held is a chunk in the agent's hands, until all it says of it is stored. Its
// work's lock guards it.
type held struct {
	msg        atomic.Pointer[nats.Msg] // the last delivery
	loop       names.Loop
	number     uint64
	chunk      *wire.Chunk
	deliveries uint64
	since      time.Time
	loading    bool // the next item
	next       int  // of a serial chunk: the item to run next; of others the next one to be made ready
	left       int  // items without a proposal
	took       time.Duration
	ready      []proposal // to be sent
	bytes      int        // of those
	sent       int        // parts that the stream has not confirmed
	timer      *time.Timer
	flushed    time.Time
}

func (h *held) message() *nats.Msg { return h.msg.Load() }

// accept takes a chunk into the agent's hands.
func (a *Agent) accept(l *lane, m *nats.Msg) {
	id, number, ok := a.Link.Space.ChunkAt(m.Subject)
	meta, err := m.Metadata()
	if !ok || err != nil {
		m.Term()
		a.credit.release()
		return
	}
	c, err := wire.DecodeChunk(m.Data)
	if err != nil {
		a.leaveUnread(m, id, meta.NumDelivered, err)
		a.credit.release()
		return
	}
	h := &held{loop: id, number: number, chunk: c, deliveries: meta.NumDelivered, since: time.Now(), left: len(c.Items), flushed: time.Now()}
	h.msg.Store(m)
	a.watch.Pulled.Add(1)
	if meta.NumDelivered > 1 {
		a.watch.Redelivered.Add(1)
	}
	a.mu.Lock()
	_, over := a.over[id]
	if over || a.deserted || len(c.Items) == 0 {
		a.mu.Unlock()
		if over || len(c.Items) == 0 {
			m.Term()
		} else { // it came while the agent ended, and is for others
			m.Nak()
		}
		a.credit.release()
		return
	}
	w := a.works[id]
	if w == nil {
		w = newWork(a, l, id)
		a.works[id] = w
		a.running.Go(w.begin)
	}
	a.held[h] = struct{}{}
	a.watch.Held.Add(1)
	a.mu.Unlock()
	w.add(h)
}

// leaveUnread gives back a chunk of a format that this agent doesn't know, such as
// one of a release to come: somebody else may. It waits for that longer each time.
func (a *Agent) leaveUnread(m *nats.Msg, id names.Loop, deliveries uint64, err error) {
	m.NakWithDelay(min(unreadLeast<<min(deliveries-1, 10), unreadMost))
	a.mu.Lock()
	said := a.unread[id]
	if len(a.unread) >= maxRecent {
		clear(a.unread)
	}
	a.unread[id] = true
	a.mu.Unlock()
	if !said {
		slog.Warn("parfor: the agent leaves a loop to others: it can't read what is sent, maybe as that is of a later release", "loop", id.String(), "error", err)
	}
}

// drop ends the holding of a chunk, once.
func (a *Agent) drop(h *held) {
	a.mu.Lock()
	if _, was := a.held[h]; !was {
		a.mu.Unlock()
		return
	}
	a.watch.Held.Add(-1)
	delete(a.held, h)
	if a.suspect == h {
		a.suspect = nil
	}
	if len(a.held) == 0 && a.empty != nil {
		close(a.empty)
		a.empty = nil
	}
	a.mu.Unlock()
	a.credit.release()
}
