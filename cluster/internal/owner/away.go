package owner

import (
	"context"
	"fmt"
	"strconv"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
)

// What is too large for a message is stored in pieces, and a reference travels in
// its place: items from here to the agents, results the other way, a loop's
// constants once. An item's pieces are removed when it is over, a result's with
// the messages that a snapshot replaces, all of a loop's when that ends.

const (
	// transfers is how many large things an owner stores or reads at once.
	transfers = 4
	// spentMost is how many bytes of results that nobody needs any more may stay
	// until a snapshot is made only for them.
	spentMost = 256 << 20
)

// fits reports whether an item of n bytes can travel in the next chunk, alone.
// It is exact: headers count.
func (l *loop) fits(s *sent, n int) bool {
	it := &wire.Item{Index: s.task.Index, Attempt: s.task.Attempt, Round: s.round}
	head := wire.AppendItemHead(wire.AppendChunkHead(nil, l.chunkHead(), 1), it, n)
	return post.Size(l.chunkMessage(l.nth))+len(head)+n <= int(l.owner.Link.NC.MaxPayload())
}

// store stores an item, then sends a reference. It counts as a chunk on its way.
func (l *loop) store(s *sent, head, tail []byte) {
	l.newChunk([]*sent{s})
	l.stash(s, head, tail, func(ref blob.Ref) {
		l.large[s.task.Index] = ref
		l.leaveChunk(s)
		l.refer(s, ref)
	})
}

// stash stores an item, and calls then, unless the loop or the storing came to
// nothing.
func (l *loop) stash(s *sent, head, tail []byte, then func(blob.Ref)) {
	s.storing = true
	l.stashing++
	l.transfer(func(ctx context.Context) func() {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(l.spec.Ctx, func() { cancel(context.Cause(l.spec.Ctx)) })()
		ref, err := blob.Put(ctx, l.owner.Link, l.id.Home(), "a"+strconv.Itoa(s.task.Index), head, tail)
		return func() {
			s.storing = false
			l.stashing--
			switch {
			case l.broken != nil: // bury finishes it
			case l.canceled, l.spec.Ctx.Err() != nil:
				l.leave(s)
				l.giveBack([]engine.Task{s.task})
			case err != nil:
				l.finish(s, &engine.Outcome{Err: fmt.Errorf("parfor: item %d: %w", s.task.Index, err), Start: meter.Now()})
			default:
				l.owner.watch.Large.Add(int64(ref.Size))
				then(ref)
			}
		}
	})
}

// elsewhere is where an item is that was stored before.
func (l *loop) elsewhere(index int) (ref blob.Ref, stored bool) {
	if ref, stored = l.large[index]; !stored && l.kept != nil {
		ref, stored = l.kept.away[index]
	}
	return ref, stored
}

// refer sends a reference to an item.
func (l *loop) refer(s *sent, ref blob.Ref) {
	it := &wire.Item{Index: s.task.Index, Attempt: s.task.Attempt, Round: s.round, Away: true}
	l.publish([]*sent{s}, wire.AppendItem(nil, it, ref.Append(nil), nil))
}

// unload removes what was stored of an item that is over.
func (l *loop) unload(index int) {
	if ref, stored := l.large[index]; stored {
		delete(l.large, index)
		l.owner.drop(l.id.Home(), []blob.Ref{ref})
	}
}

// drop removes what nobody needs. What stays is removed with the loop.
func (o *Owner) drop(id names.Loop, refs []blob.Ref) {
	o.running.Go(func() {
		ctx, cancel := o.request()
		defer cancel()
		for _, ref := range refs {
			if blob.Drop(ctx, o.Link, id, ref) != nil {
				return
			}
		}
	})
}

// transfer stores or reads something large: move does that on a goroutine of its
// own, until ctx ends because the loop has failed, and returns what the loop's
// goroutine does then.
func (l *loop) transfer(move func(ctx context.Context) func()) {
	o := l.owner
	l.unstored++
	o.running.Go(func() {
		select {
		case o.transfers <- struct{}{}:
			defer func() { <-o.transfers }()
		case <-l.live.Done(): // it says so itself
		}
		then := move(l.live)
		l.put(func() {
			l.unstored--
			then()
		})
	})
}

// load is the reading of what a part refers to.
type load struct {
	done bool
	refs []blob.Ref
	lost map[int]error // by index: what the cluster does not have
}

// fetch reads what a part refers to. Until that is done neither it nor what came
// after it is collected: what a mark says of everything before it stays true.
func (l *loop) fetch(p *part) {
	away := func(q *wire.Proposal) bool { return q.Away }
	if p.Part == nil || !anyProposal(p.Proposals, away) {
		return
	}
	p.load = &load{lost: map[int]error{}}
	x, proposals := p.load, p.Proposals
	l.transfer(func(ctx context.Context) func() {
		for i := range proposals {
			q := &proposals[i]
			if !q.Away {
				continue
			}
			ref, err := blob.Parse(q.Bytes)
			if err == nil {
				x.refs = append(x.refs, ref)
				var b []byte
				if b, err = blob.Get(ctx, l.owner.Link, l.id, ref); err == nil {
					l.owner.watch.Large.Add(int64(len(b)))
					q.Bytes, q.Writes, err = wire.SplitAway(b)
				}
			}
			if err != nil {
				x.lost[q.Index] = fmt.Errorf("%w: the result of item %d: %w", ErrLost, q.Index, err)
			}
		}
		return func() { x.done = true }
	})
}

func anyProposal(ps []wire.Proposal, is func(*wire.Proposal) bool) bool {
	for i := range ps {
		if is(&ps[i]) {
			return true
		}
	}
	return false
}

// whole is how many of the parts that have come can be collected.
func (l *loop) whole() int {
	for i, p := range l.parts {
		if p.load != nil && !p.load.done {
			return i
		}
	}
	return len(l.parts)
}

// spend notes that nobody needs what a part refers to, once a snapshot stands
// for it.
func (l *loop) spend(p part) {
	if p.load == nil {
		return
	}
	for _, ref := range p.load.refs {
		l.spent = append(l.spent, ref)
		l.spentBytes += ref.Size
	}
}
