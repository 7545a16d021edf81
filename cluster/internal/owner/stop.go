package owner

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
)

const (
	// askTime is how long agents may take to say what they hold.
	askTime = time.Second
	// askPause is after how long they are asked again.
	askPause = 250 * time.Millisecond
	// roomTime is how long a cancelled loop waits for the stream to take what it has
	// sent: it may be full.
	roomTime = 500 * time.Millisecond
)

// errWithdrawn is the end of chunks that the stream had not taken when the loop was
// cancelled.
var errWithdrawn = errors.New("parfor: the loop was cancelled before the cluster had room for the item")

// answer is what agents hold of a cancelled loop. It counts once the mark has
// come back: then every result that was there when they answered has come, too.
type answer struct {
	held map[uint64]bool
	mark string
}

// cancel hears that the context of the loop's bodies has ended.
func (l *loop) cancel() { l.canceled, l.cancelAt = true, time.Now() }

// withdraw has chunks not sent again that the stream has not taken. What becomes of
// them is asked: it may have, and could not say so.
func (l *loop) withdraw() {
	l.withdrawn = true
	l.owner.Link.Post.Withdraw(strings.TrimSuffix(l.owner.Link.Space.ChunksOf(l.lane, l.id), ">"), errWithdrawn)
}

// stop brings the tasks of a cancelled loop home: what no agent has is taken out
// of the queue, what one holds ends there, and is waited for.
func (l *loop) stop() {
	if !l.canceled || l.broken != nil || l.asking {
		return
	}
	if l.unstored > 0 {
		if left := roomTime - time.Since(l.cancelAt); left > 0 {
			l.timer.Reset(left)
		} else if !l.withdrawn {
			l.withdraw()
		}
		return
	}
	for _, s := range l.again {
		l.leave(s)
		l.giveBack([]engine.Task{s.task})
	}
	l.again = nil
	if l.kept != nil {
		for _, s := range l.kept.ready {
			l.leave(s)
			l.giveBack([]engine.Task{s.task})
		}
		l.kept.ready = nil
	}
	if len(l.open) == 0 {
		return
	}
	if left := time.Until(l.askAgain); left > 0 {
		l.timer.Reset(left)
		return
	}
	l.asking = true
	l.owner.running.Go(l.ask)
}

// ask takes the loop's chunks out of the queue, tells agents to cancel, and asks
// what they hold. After that no agent can begin a task of the loop any more.
func (l *loop) ask() {
	o := l.owner
	ctx, cancel := o.request()
	defer cancel()
	cause := errwire.Append(nil, context.Cause(l.spec.Ctx))
	if err := o.tasks.Purge(ctx, jetstream.WithPurgeSubject(o.Link.Space.ChunksOf(l.lane, l.id))); err != nil {
		l.put(l.unanswered)
		return
	}
	held, ok := o.survey(ctx, &wire.Order{Action: wire.Cancel, Loop: l.id.String(), Cause: cause})
	if !ok {
		l.put(l.unanswered)
		return
	}
	a := &answer{held: held, mark: strconv.FormatInt(time.Now().UnixNano(), 36)}
	o.Link.Post.Send(message(o.Link.Space.Mark(l.id, a.mark), nil), func(_ post.Ack, err error) {
		l.put(func() {
			if err != nil {
				l.unanswered()
				return
			}
			l.answer = a
			l.settleAnswer()
		})
	})
}

// survey tells all agents, and returns the chunks they hold; ok means that every
// agent that is there has answered.
func (o *Owner) survey(ctx context.Context, w *wire.Order) (held map[uint64]bool, ok bool) {
	nc := o.Link.NC
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, false
	}
	defer sub.Unsubscribe()
	missing := o.roster.present()
	if err := nc.PublishRequest(o.Link.Space.Orders(), inbox, wire.AppendOrder(nil, w)); err != nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	held = map[uint64]bool{}
	for len(missing) > 0 {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			break
		}
		h, err := wire.DecodeHolding(m.Data)
		if err != nil {
			continue
		}
		delete(missing, h.Agent)
		for _, n := range h.Chunks {
			held[n] = true
		}
	}
	for id := range o.roster.present() { // one that is gone meanwhile holds nothing
		if missing[id] {
			return nil, false
		}
	}
	return held, true
}

// unanswered has agents asked again.
func (l *loop) unanswered() {
	l.asking = false
	l.askAgain = time.Now().Add(askPause)
}

// marked hears that a mark has come back.
func (l *loop) marked(mark string) {
	l.log.seen = mark
	l.settleAnswer()
}

// settleAnswer returns the tasks that no agent holds, once all results have come
// that agents had sent before they said so.
func (l *loop) settleAnswer() {
	a := l.answer
	if a == nil || l.log.seen != a.mark {
		return
	}
	l.answer = nil
	l.unanswered()
	var back []engine.Task
	for _, s := range l.open {
		if s.chunk != nil && !s.ruled && !a.held[s.chunk.number] {
			l.leave(s)
			back = append(back, s.task)
		}
	}
	if len(back) > 0 {
		l.giveBack(back)
	}
}

// sweep removes everything of a loop from the streams.
func (o *Owner) sweep(ctx context.Context, l *loop) error {
	space := o.Link.Space
	return errors.Join(
		// An agent may have died between its result and its acknowledgement.
		o.tasks.Purge(ctx, jetstream.WithPurgeSubject(space.ChunksOf(l.lane, l.id))),
		o.results.Purge(ctx, jetstream.WithPurgeSubject(space.ResultsOf(l.id))),
		o.loops.Purge(ctx, jetstream.WithPurgeSubject(space.LoopOf(l.id))),
		blob.DropAll(ctx, o.Link, l.id))
}

// forget removes results of a loop, up to one.
func (o *Owner) forget(ctx context.Context, id names.Loop, upto uint64) error {
	return o.results.Purge(ctx, jetstream.WithPurgeSubject(o.Link.Space.ResultsOf(id)), jetstream.WithPurgeSequence(upto+1))
}
