package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
)

const (
	// flushTime is how long a result may wait for those of its chunk.
	flushTime = 10 * time.Millisecond
	partBytes = 256 << 10 // about how large a part with many may grow
)

// proposal is one that is encoded.
type proposal struct {
	index   int
	round   uint32
	encoded []byte
	writes  bool
}

// propose says what came of an item, unless its chunk was let go: then others say
// it. The lock is held.
func (w *work) propose(h *held, item *wire.Item, p *wire.Proposal) {
	if _, here := w.chunks[h]; !here {
		return
	}
	p.Index, p.Round = item.Index, item.Round
	limit := int(w.agent.Link.NC.MaxPayload()) / 2
	if len(p.Bytes)+len(p.Writes) > limit && !w.fits(p) {
		w.store(h, item, *p)
		return
	}
	w.agent.count(p.Kind)
	b := wire.AppendProposal(nil, p)
	if h.bytes+len(b) > min(partBytes, limit) {
		w.flush(h)
	}
	q := proposal{item.Index, item.Round, b, len(p.Writes) > 0 || p.Away}
	if q.writes {
		w.writes.ready++
	}
	h.ready = append(h.ready, q)
	h.bytes += len(b)
	h.left--
	switch {
	case h.left == 0:
		if h.timer != nil {
			h.timer.Stop()
		}
		w.flush(h)
		w.conclude(h)
	case time.Since(h.flushed) > flushTime:
		w.flush(h)
	case h.timer == nil:
		h.timer = time.AfterFunc(flushTime, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			h.timer = nil
			w.flush(h)
		})
	}
}

func (a *Agent) count(kind wire.Kind) {
	switch kind {
	case wire.OK:
		a.watch.OK.Add(1)
	case wire.Unstarted:
		a.watch.Returned.Add(1)
	case wire.Poisoned:
		a.watch.Poisoned.Add(1)
	default:
		a.watch.Failed.Add(1)
	}
}

// proposeAll says the same of all items of a chunk, of which none is ready.
func (w *work) proposeAll(h *held, kind wire.Kind, bytes []byte) {
	h.next = len(h.chunk.Items)
	for i := range h.chunk.Items {
		w.propose(h, &h.chunk.Items[i], &wire.Proposal{Kind: kind, Bytes: bytes})
	}
}

// flush sends what is ready. The lock is held.
func (w *work) flush(h *held) {
	h.flushed = time.Now()
	if len(h.ready) == 0 {
		return
	}
	ps := h.ready
	h.ready, h.bytes = nil, 0
	n := w.writes.count(ps)
	w.writes.ready -= n
	if w.mute {
		return
	}
	h.sent++
	if n > 0 {
		w.writes.sent++
	}
	w.send(h, ps, n > 0)
}

// send publishes proposals under the name of the first. The stream takes one for
// an item's round: if the first is not the first in truth, the others may be.
func (w *work) send(h *held, ps []proposal, writes bool) {
	a := w.agent
	a.mu.Lock()
	a.serial++
	serial := a.serial
	a.mu.Unlock()
	m := w.partMessage(ps[0].index, ps[0].round, serial, len(ps))
	for _, p := range ps {
		m.Data = append(m.Data, p.encoded...)
	}
	a.Link.Post.Send(m, func(k post.Ack, err error) { w.stored(h, ps, writes, k.Seq, err) })
}

// partMessage is a message for n proposals, without those.
func (w *work) partMessage(index int, round uint32, serial uint64, n int) *nats.Msg {
	a := w.agent
	m := nats.NewMsg(a.Link.Space.Result(w.id, index, round))
	m.Data = wire.AppendPartHead(nil, a.id, n)
	m.Header.Set("Nats-Msg-Id", fmt.Sprintf("%s.%d.%d.%s.%016x", w.id, index, round, a.id, serial)) // of a length that doesn't depend on serial
	return m
}

// stored hears what the stream said.
func (w *work) stored(h *held, ps []proposal, writes bool, seq uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var refused *post.Refused
	taken := errors.As(err, &refused) && refused.Taken()
	if taken && len(ps) > 1 && !w.mute {
		w.send(h, ps[1:], writes)
		return
	}
	if writes {
		w.writes.sent--
		w.writes.at = max(w.writes.at, seq)
		w.writes.stored.Broadcast()
	}
	switch {
	case taken:
		w.agent.watch.Refused.Add(1)
	case errors.Is(err, post.ErrClosed):
		return
	case err != nil:
		w.forsake(h, err)
		return
	}
	h.sent--
	if w.over && err == nil {
		w.agent.unsay(w.id)
	}
	w.conclude(h)
}

// forsake lets go of a chunk of which something can't be said.
func (w *work) forsake(h *held, err error) {
	if _, here := w.chunks[h]; !here {
		return
	}
	slog.Warn("parfor: the cluster did not take a result: another agent will run it again", "loop", w.id.String(), "error", err)
	h.message().Nak()
	if h.timer != nil {
		h.timer.Stop()
	}
	w.writes.ready -= w.writes.count(h.ready)
	h.ready, h.bytes = nil, 0
	w.rejoin()
	w.queue = slices.DeleteFunc(w.queue, func(ref int32) bool {
		its := w.items[ref].h == h
		if its {
			w.release(ref)
		}
		return its
	})
	delete(w.chunks, h)
	w.agent.drop(h)
}

// unsay removes what was said of a loop that was over by then.
func (a *Agent) unsay(id names.Loop) {
	a.spawn(func() {
		ctx, cancel := context.WithTimeout(a.ctx, specTime)
		defer cancel()
		s, err := a.Link.JS.Stream(ctx, a.Link.Space.Results())
		if err == nil {
			err = errors.Join(s.Purge(ctx, jetstream.WithPurgeSubject(a.Link.Space.ResultsOf(id))), blob.DropAll(ctx, a.Link, id))
		}
		if err != nil && a.ctx.Err() == nil {
			slog.Warn("parfor: a result that came too late stays in the cluster", "loop", id.String(), "error", err)
		}
	})
}

// conclude lets go of a chunk when all that was to be said of it is stored.
func (w *work) conclude(h *held) {
	if _, held := w.chunks[h]; !held || h.left > 0 || h.sent > 0 {
		return
	}
	delete(w.chunks, h)
	h.message().Ack()
	if len(w.recent) >= maxRecent {
		clear(w.recent)
	}
	w.recent[h.number] = true
	w.idle = time.Now()
	if h.took > 0 {
		w.agent.credit.note(h.took)
	}
	w.agent.drop(h)
}
