package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/errwire"
)

// What is too large for a message is elsewhere in the cluster. The time that it
// takes to come and go counts as work of its chunk, so that an agent asks for no
// more of such chunks than it has slots.

// transfers is how many large things an agent stores or reads at once.
const transfers = 4

// fits reports whether a proposal can be sent, alone. It is exact: headers count.
func (w *work) fits(p *wire.Proposal) bool {
	head := *p
	head.Bytes = nil
	m := w.partMessage(p.Index, p.Round, 0, 1)
	n := len(wire.AppendProposal(nil, &head)) - 1 + wire.LengthSize(len(p.Bytes)) + len(p.Bytes)
	return post.Size(m)+n <= int(w.agent.Link.NC.MaxPayload())
}

// store stores the bytes of a proposal, then proposes a reference. The lock is
// held.
func (w *work) store(h *held, item *wire.Item, p wire.Proposal) {
	a := w.agent
	began := time.Now()
	head := wire.AppendAwayHead(nil, p.Writes)
	p.Bytes = bytes.Clone(p.Bytes) // the executor's, until this returns, as the writes
	size := int64(len(p.Bytes) + len(p.Writes))
	p.Writes = nil
	w.writes.sent++ // maybe none, but who waits for it waits for this
	a.spawn(func() {
		defer a.transfer(w.live)()
		ref, err := blob.Put(w.live, a.Link, w.id, "r"+strconv.Itoa(p.Index), head, p.Bytes)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.writes.sent--
		defer w.writes.stored.Broadcast()
		if _, here := w.chunks[h]; !here { // nothing is said of the loop any more
			return
		}
		h.took += time.Since(began)
		a.watch.Large.Add(size)
		if p.Away, p.Bytes = true, ref.Append(nil); err != nil {
			p.Away, p.Kind, p.Bytes = false, wire.Failed, errwire.Append(nil, fmt.Errorf("parfor: the result of item %d: %w", p.Index, err))
		}
		w.propose(h, item, &p)
	})
}

// load reads an item, then has it and those after it begin. The lock is held.
func (w *work) load(h *held) {
	a := w.agent
	item := &h.chunk.Items[h.next]
	began := time.Now()
	h.loading = true
	a.spawn(func() {
		ctx, cancel := context.WithCancelCause(w.ctx)
		defer cancel(nil)
		defer context.AfterFunc(a.ctx, func() { cancel(errDeserted) })()
		defer a.transfer(ctx)()
		ref, err := blob.Parse(item.Bytes)
		var b []byte
		if err == nil {
			b, err = blob.Get(ctx, a.Link, w.id.Home(), ref)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		h.loading = false
		h.since = time.Now() // it begins to wait for a slot
		h.took += time.Since(began)
		if _, here := w.chunks[h]; !here || h.next == len(h.chunk.Items) {
			return
		}
		switch {
		case ctx.Err() != nil:
			w.handBackRest(h)
			return
		case errors.Is(err, blob.ErrMissing):
			h.next++
			w.propose(h, item, &wire.Proposal{Kind: wire.Lost, Bytes: errwire.Append(nil, fmt.Errorf("item %d: %w", item.Index, err))})
		default:
			item.Away, item.Bytes = false, b
			a.watch.Large.Add(int64(len(b)))
		}
		w.enqueue(h)
		if w.handle != nil {
			w.handle.Wake()
		}
	})
}

// transfer waits for its turn, or ctx, and returns what ends it.
func (a *Agent) transfer(ctx context.Context) (end func()) {
	select {
	case a.transfers <- struct{}{}:
		return func() { <-a.transfers }
	case <-ctx.Done():
		return func() {}
	}
}
