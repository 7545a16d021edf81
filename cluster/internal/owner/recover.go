package owner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
)

// recover makes the log this owner's, and reads what earlier ones have left: the
// items that are kept, which result of each is the one, and what all results made
// of dictionaries. Results that came when nobody listened are taken now.
func (l *loop) recover(ctx context.Context) error {
	o := l.owner
	fence, err := l.usurp(ctx)
	if err != nil {
		return err
	}
	// What was sent for an earlier run and not begun is sent anew, for this one.
	err = names.Persist(ctx, func(ctx context.Context) error {
		return o.tasks.Purge(ctx, jetstream.WithPurgeSubject(o.Link.Space.ChunksFor(l.id.Program)))
	})
	if err != nil {
		return err
	}
	var log []*wire.Commit
	err = o.read(ctx, o.loops, o.Link.Space.RecordsFor(l.id.Program), func(m jetstream.Msg, seq uint64) bool {
		if m.Subject() == l.log.subject {
			if c, err := wire.DecodeCommit(m.Data()); err == nil {
				log = append(log, c)
			}
		} else if page, err := wire.DecodePage(m.Data()); err == nil && o.Link.Space.IsItems(m.Subject()) {
			for _, k := range page {
				l.kept.recall(k)
			}
		}
		return seq < fence
	})
	if err != nil {
		return err
	}
	if err := l.records.open(ctx, l, log); err != nil {
		return err
	}
	return l.replay(ctx, log)
}

// usurp writes to the log: from then on who had the loop before is refused. It
// may still write, so this may take more than one try.
func (l *loop) usurp(ctx context.Context) (seq uint64, err error) {
	for {
		last, err := l.owner.last(ctx, l.log.subject)
		if err != nil {
			return 0, err
		}
		l.log.fence = 0
		if last != nil {
			l.log.fence = last.Sequence
		}
		err = l.writeNow(ctx, &wire.Commit{})
		if !errors.Is(err, ErrOwned) {
			return l.log.fence, err
		}
	}
}

// writeNow writes to the log, and waits for that.
func (l *loop) writeNow(ctx context.Context, c *wire.Commit) error {
	seq, err := l.owner.store(ctx, l.commitMessage(c))
	if err == nil {
		l.log.fence = seq
	}
	return err
}

// replay reads the results there are, up to a mark, finds the one of each item
// that the log has, and takes those that nobody has taken.
func (l *loop) replay(ctx context.Context, log []*wire.Commit) error {
	o := l.owner
	mark := "from-" + o.id + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if err := l.mark(ctx, mark); err != nil {
		return err
	}
	parts := map[uint64]*said{}
	err := o.read(ctx, o.results, o.Link.Space.ResultsFor(l.id.Program), func(m jetstream.Msg, seq uint64) bool {
		if p, err := wire.DecodePart(m.Data()); err == nil {
			id, _ := o.Link.Space.ResultAt(m.Subject())
			parts[seq] = &said{p, id}
		}
		at, marked := o.Link.Space.MarkAt(m.Subject())
		return !marked || at != mark
	})
	if err != nil {
		return err
	}
	for _, c := range log {
		l.kept.wrote = l.kept.wrote || len(c.Changes) > 0
		for _, seq := range c.Consumed {
			if p := parts[seq]; p != nil {
				delete(parts, seq)
				for i := range p.Proposals {
					q := &p.Proposals[i]
					if err := l.remember(ctx, p.in, q, slices.Contains(c.Refused, q.Index)); err != nil {
						return err
					}
				}
			}
		}
	}
	return l.takeLate(ctx, parts)
}

// said is what an agent said in a run of the loop.
type said struct {
	*wire.Part
	in names.Loop
}

// remember takes a proposal as [loop.decide] did: the first of its item's round.
// A failure is not the end of an item whose loop goes on, and neither is a result
// that the cluster has lost.
func (l *loop) remember(ctx context.Context, in names.Loop, p *wire.Proposal, refused bool) error {
	if !l.current(p) {
		return nil
	}
	if p.Kind != wire.OK || refused {
		l.rounds[p.Index]++
		return nil
	}
	out, _, err := l.content(ctx, in, p)
	switch {
	case err == nil:
		l.found(p, out)
	case !errors.Is(err, blob.ErrMissing):
		return err
	case l.kept.wrote: // it may have, and would again
		return fmt.Errorf("%w: the result of item %d is gone, and what it did to dictionaries is not: run the loop under another name: %w", ErrLost, p.Index, err)
	default:
		l.rounds[p.Index]++
	}
	return nil
}

// current reports whether a proposal is of the round that its item is in.
func (l *loop) current(p *wire.Proposal) bool {
	_, has := l.kept.results[p.Index]
	return !has && p.Round == l.rounds[p.Index]
}

// found keeps a result until its item is claimed.
func (l *loop) found(p *wire.Proposal, out []byte) {
	delete(l.rounds, p.Index)
	l.kept.results[p.Index] = out
}

// content is the result of a task that succeeded, and what it wrote.
func (l *loop) content(ctx context.Context, in names.Loop, p *wire.Proposal) (out, writes []byte, err error) {
	if p.Kind != wire.OK || !p.Away {
		return p.Bytes, p.Writes, nil
	}
	ref, err := blob.Parse(p.Bytes)
	if err != nil {
		return nil, nil, err
	}
	b, err := blob.Get(ctx, l.owner.Link, in, ref)
	if err != nil {
		return nil, nil, err
	}
	return wire.SplitAway(b)
}

func (l *loop) mark(ctx context.Context, mark string) error {
	stored := make(chan error, 1)
	l.owner.Link.Post.Send(message(l.owner.Link.Space.Mark(l.id, mark), nil), func(_ post.Ack, err error) { stored <- err })
	select {
	case err := <-stored:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
