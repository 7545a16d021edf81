package owner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/errwire"
)

// Agents themselves end items that agents die of. Where all agents take chunks and
// say nothing, for they are broken or know another format, the owner does. The
// server stops to deliver a chunk some time (agents tell it when), and says so
// once. Who did not hear that finds the chunk by looking: its place is below the
// first that waits for an answer, and it is still there. One that is not there and
// was not answered is found so, too.
//
// What the owner says of such items is a proposal like others: where an agent's is
// there already it is refused, and the agent's counts.

var (
	// quietTime is how long results may stay away until those that were taken are
	// removed from their stream: it may be full.
	quietTime = time.Second
	// netEvery is how often an owner looks at chunks without an answer.
	netEvery = 30 * time.Second
	// netAge is how old they are then, at least.
	netAge = time.Minute
)

const (
	netMost = 64 // chunks of a loop, at each look
	// vainMost is how often an item may vanish with its chunk before it fails.
	vainMost = 3
)

// suspicion is a chunk that nobody may answer any more, with its items.
type suspicion struct {
	of    *chunk
	items []stray
}

// stray is an item of such a chunk.
type stray struct {
	index int
	round uint32
	vain  int // how often its chunk was gone before
}

// usedUp hears that the server delivers a chunk no more.
func (o *Owner) usedUp(m *nats.Msg) {
	var a struct {
		Lane       string `json:"consumer"`
		Seq        uint64 `json:"stream_seq"`
		Deliveries int    `json:"deliveries"`
	}
	if json.Unmarshal(m.Data, &a) != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.open {
		if l.lane == a.Lane {
			l.put(func() {
				for _, x := range l.suspicions(func(c *chunk) bool { return c.seq == a.Seq }) {
					l.background(func(ctx context.Context) { l.endUsedUp(ctx, x, a.Deliveries) })
				}
			})
		}
	}
}

// look has every loop look around, again and again.
func (o *Owner) look(ctx context.Context) {
	quiet, doubt := time.NewTicker(quietTime), time.NewTicker(netEvery)
	defer quiet.Stop()
	defer doubt.Stop()
	for {
		look := (*loop).hush
		select {
		case <-ctx.Done():
			return
		case <-quiet.C:
			if o.gone(ctx) {
				o.renew(ctx)
			}
		case <-doubt.C:
			look = (*loop).doubt
		}
		o.mu.Lock()
		for _, l := range o.open {
			l.put(func() { look(l) })
		}
		o.mu.Unlock()
	}
}

// hush notes whether results have come since it was called last.
func (l *loop) hush() { l.quiet, l.came = l.came == 0, 0 }

// doubt looks at the chunks that have waited long for an answer.
func (l *loop) doubt() {
	if l.looking {
		return
	}
	old := l.suspicions(func(c *chunk) bool { return c.seq != 0 && time.Since(c.since) > netAge })
	if len(old) == 0 {
		return
	}
	l.looking = true
	l.background(func(ctx context.Context) {
		l.examine(ctx, old[:min(len(old), netMost)])
		l.put(func() { l.looking = false })
	})
}

// suspicions are the chunks that are such, with their items that have no verdict.
func (l *loop) suspicions(such func(*chunk) bool) (all []*suspicion) {
	if l.broken != nil || l.canceled {
		return nil
	}
	found := map[*chunk]*suspicion{}
	for _, c := range l.chunks {
		if such(c) {
			found[c] = &suspicion{of: c}
			all = append(all, found[c])
		}
	}
	if len(all) == 0 {
		return nil
	}
	for _, s := range l.open {
		if x := found[s.chunk]; x != nil && !s.ruled {
			x.items = append(x.items, stray{s.task.Index, s.round, l.vain[s.task.Index]})
		}
	}
	return all
}

// background makes requests. The loop isn't over before they are.
func (l *loop) background(f func(ctx context.Context)) {
	l.unstored++
	l.owner.running.Go(func() {
		ctx, cancel := l.owner.request()
		defer cancel()
		f(ctx)
		l.put(func() { l.unstored-- })
	})
}

// examine finds chunks that nobody will get any more. It takes two looks to be sure:
// what an agent has just answered takes a moment to go.
func (l *loop) examine(ctx context.Context, old []*suspicion) {
	o := l.owner
	lane, err := o.tasks.Consumer(ctx, l.lane)
	if err != nil { // no agent was ever there, or no server is now
		return
	}
	info := lane.CachedInfo()
	answered := info.AckFloor.Stream // all up to there is, as the server counts
	if info.NumAckPending == 0 {
		answered = info.Delivered.Stream
	}
	for _, x := range old {
		_, err := o.tasks.GetMsg(ctx, x.of.seq)
		gone := errors.Is(err, jetstream.ErrMsgNotFound)
		used := err == nil && x.of.seq <= answered
		switch {
		case gone && x.of.doubted:
			l.endGone(ctx, x)
		case used && x.of.doubted:
			l.endUsedUp(ctx, x, info.Config.MaxDeliver)
		default:
			x.of.doubted = gone || used
		}
	}
}

// endUsedUp ends a chunk that was delivered in vain. Its items run anew, each
// alone; an item that was alone fails, and a copy is kept.
func (l *loop) endUsedUp(ctx context.Context, x *suspicion, deliveries int) {
	o := l.owner
	m, err := o.tasks.GetMsg(ctx, x.of.seq)
	if err != nil { // it was answered after all, or is found at a later look
		return
	}
	p := wire.Proposal{Kind: wire.Unstarted}
	if c, err := wire.DecodeChunk(m.Data); err != nil || len(c.Items) == 1 {
		p = poisoned(fmt.Sprintf("it was delivered to agents %d times, and none answered", deliveries))
		for _, s := range x.items {
			o.Link.Post.Send(message(o.Link.Space.Poison(l.lane, l.id, s.index), m.Data), func(_ post.Ack, err error) {
				if err != nil {
					slog.Warn("parfor: no copy was kept of an item that agents did not answer", "error", err)
				}
			})
		}
	}
	if l.propose(ctx, x.items, func(stray) wire.Proposal { return p }) {
		o.tasks.DeleteMsg(ctx, x.of.seq) // what stays goes with the loop
	}
}

// endGone has items run anew whose chunk an agent has taken out of the queue
// without an answer.
func (l *loop) endGone(ctx context.Context, x *suspicion) {
	l.put(func() {
		for _, s := range x.items {
			l.vain[s.index]++
		}
	})
	l.propose(ctx, x.items, func(s stray) wire.Proposal {
		if s.vain+1 < vainMost {
			return wire.Proposal{Kind: wire.Unstarted}
		}
		return poisoned(fmt.Sprintf("%d agents took it out of the queue, and none answered", vainMost))
	})
}

func poisoned(reason string) wire.Proposal {
	err := &parfor.WorkerError{Cause: parfor.Killed, ExitCode: -1, Reason: reason}
	return wire.Proposal{Kind: wire.Poisoned, Bytes: errwire.Append(nil, err)}
}

// propose says something of items, as agents do, and reports whether the results
// stream has that, or what an agent said before.
func (l *loop) propose(ctx context.Context, items []stray, say func(stray) wire.Proposal) bool {
	o := l.owner
	stored := make(chan struct{}, len(items))
	for _, s := range items {
		p := say(s)
		p.Index, p.Round = s.index, s.round
		slog.Warn("parfor: no agent answered: an item runs anew, or fails", "loop", l.spec.Name, "item", s.index, "fails", p.Kind == wire.Poisoned)
		subject := o.Link.Space.Result(l.id, s.index, s.round)
		data := wire.AppendProposal(wire.AppendPartHead(nil, o.id, 1), &p)
		o.Link.Post.Send(message(subject, data, idHeader, subject+"."+o.id), func(post.Ack, error) { stored <- struct{}{} })
	}
	for range items {
		select {
		case <-stored:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
