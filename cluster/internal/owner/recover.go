package owner

import (
	"cmp"
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
// items that are kept, and which result of each is the one. Results that came
// when nobody listened are taken now.
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
	var taken []uint64 // in the order of the log
	err = o.read(ctx, o.loops, o.Link.Space.RecordsFor(l.id.Program), func(m jetstream.Msg, seq uint64) bool {
		if m.Subject() == l.log.subject {
			if c, err := wire.DecodeCommit(m.Data()); err == nil {
				taken = append(taken, c.Consumed...)
			}
		} else if page, err := wire.DecodePage(m.Data()); err == nil && o.Link.Space.IsItems(m.Subject()) {
			for _, k := range page {
				l.kept.note(k.Index, k.Bytes, nil)
			}
		}
		return seq < fence
	})
	if err != nil {
		return err
	}
	return l.replay(ctx, taken)
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

// replay reads the results there are, up to a mark, takes those that nobody has
// taken, and finds the one of each item.
func (l *loop) replay(ctx context.Context, taken []uint64) error {
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
	known := map[uint64]bool{}
	for _, seq := range taken {
		known[seq] = true
	}
	var late []uint64
	for seq := range parts {
		if !known[seq] {
			late = append(late, seq)
		}
	}
	slices.SortFunc(late, cmp.Compare)
	if len(late) > 0 {
		if err := l.writeNow(ctx, &wire.Commit{Consumed: late}); err != nil {
			return fmt.Errorf("parfor: the results that are there: %w", err)
		}
	}
	for _, seq := range append(taken, late...) {
		if p := parts[seq]; p != nil {
			for i := range p.Proposals {
				if err := l.remember(ctx, p.in, &p.Proposals[i]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// said is what an agent said in a run of the loop.
type said struct {
	*wire.Part
	in names.Loop
}

// remember takes a proposal as [loop.decide] did: the first of its item's round.
// A failure is not the end of an item whose loop goes on, and neither is a result
// that the cluster has lost.
func (l *loop) remember(ctx context.Context, in names.Loop, p *wire.Proposal) (err error) {
	if _, has := l.kept.results[p.Index]; has || p.Round != l.rounds[p.Index] {
		return nil
	}
	out := p.Bytes
	if p.Kind == wire.OK && p.Away {
		var ref blob.Ref
		if ref, err = blob.Parse(p.Bytes); err == nil {
			if out, err = blob.Get(ctx, l.owner.Link, in, ref); err == nil {
				out, _, err = wire.SplitAway(out)
			}
		}
	}
	switch {
	case p.Kind == wire.OK && err == nil:
		delete(l.rounds, p.Index)
		l.kept.results[p.Index] = out
	case errors.Is(err, blob.ErrMissing), err == nil:
		l.rounds[p.Index]++
	default:
		return err
	}
	return nil
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
