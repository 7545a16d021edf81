package owner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/task"
)

// takeLate takes results that came when nobody listened, as the owner that began
// them would have. What depends on what it had seen in dictionaries runs again: they
// were of a program that is gone.
func (l *loop) takeLate(ctx context.Context, parts map[uint64]*said) error {
	var consumed []uint64
	write := func() error {
		c := &wire.Commit{Consumed: consumed}
		consumed = nil
		l.records.move(c)
		if len(c.Consumed) == 0 {
			return nil
		}
		if err := l.owner.stow(ctx, l, c); err != nil {
			return err
		}
		if err := l.writeNow(ctx, c); err != nil {
			return fmt.Errorf("parfor: the results that are there: %w", err)
		}
		return nil
	}
	for _, seq := range slices.Sorted(maps.Keys(parts)) {
		if l.records.size > batchChanges {
			if err := write(); err != nil {
				return err
			}
		}
		consumed = append(consumed, seq)
		p := parts[seq]
		for i := range p.Proposals {
			if err := l.late(ctx, p.in, &p.Proposals[i]); err != nil {
				return err
			}
		}
	}
	return write()
}

// late takes one of them.
func (l *loop) late(ctx context.Context, in names.Loop, p *wire.Proposal) error {
	if !l.current(p) {
		return nil
	}
	out, writes, err := l.content(ctx, in, p)
	switch {
	case err != nil && !errors.Is(err, blob.ErrMissing):
		return err
	case p.Kind != wire.OK:
	case err != nil || len(writes) > 0 && !l.commitLate(p.Index, writes):
		l.refuse(p)
	default:
		l.found(p, out)
		return nil
	}
	l.rounds[p.Index]++
	return nil
}

// commitLate commits the writes of a task, and reports whether they count.
func (l *loop) commitLate(index int, writes []byte) bool {
	if task.CommitEncoded == nil {
		return false
	}
	_, err := task.CommitEncoded(writes, task.Ticket{Item: index, Note: &l.records.note, Late: true})
	return err == nil
}
