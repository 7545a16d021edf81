package owner

import (
	"errors"
	"fmt"
	"strconv"

	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
)

// snapshotEvery is after how many commits one message replaces them all, so
// that neither the log nor the results stream grows with the loop.
const snapshotEvery = 256

// commitLog is a loop's log: what its owner takes as results is in it before
// anybody sees them. Each message names the sequence of the one before, so that
// an owner that lost the loop without knowing is refused.
type commitLog struct {
	busy   bool   // a message is on its way
	fence  uint64 // sequence of the last one
	number uint64 // of the last commit
	since  int    // commits since the last snapshot
	upto   uint64 // sequence of the last result consumed
	seen   string // the last mark that came back; see stop.go
}

// startLog writes the first message, which must be the log's first.
func (l *loop) startLog() {
	l.write(&wire.Commit{}, func() { l.opened = true })
}

// commit writes a batch of results, and calls then when the log has it.
func (l *loop) commit(consumed []uint64, then func()) {
	if len(consumed) > 0 {
		l.log.upto = consumed[len(consumed)-1]
	}
	l.log.since++
	l.write(&wire.Commit{Consumed: consumed}, then)
}

// snapshot replaces the log by what it comes to, and then forgets the results
// that it stands for.
func (l *loop) snapshot() {
	l.log.since = 0
	upto := l.log.upto
	l.write(&wire.Commit{Snapshot: true, Upto: upto, Done: l.done}, func() {
		l.owner.running.Go(func() {
			ctx, cancel := l.owner.request()
			defer cancel()
			l.owner.forget(ctx, l.id, upto) // what stays is forgotten with the next snapshot, or with the loop
		})
	})
}

func (l *loop) write(c *wire.Commit, then func()) {
	o := l.owner
	c.Owner, c.Number = o.id, l.log.number
	l.log.number++
	l.log.busy = true
	subject := o.Link.Space.Log(l.id)
	m := message(subject, wire.AppendCommit(nil, c), expectHeader, strconv.FormatUint(l.log.fence, 10),
		idHeader, fmt.Sprintf("%s.%s.%d", subject, o.id, c.Number))
	if c.Snapshot {
		m.Header.Set(rollupHeader, "sub")
	}
	o.Link.Post.Send(m, func(a post.Ack, err error) { l.put(func() { l.written(a, err, then) }) })
}

func (l *loop) written(a post.Ack, err error, then func()) {
	l.log.busy = false
	var refused *post.Refused
	switch {
	case err == nil:
		l.log.fence = a.Seq
		then()
	case errors.As(err, &refused) && refused.Fenced():
		l.fail(fmt.Errorf("%w: %w", ErrOwned, err))
	default:
		l.fail(fmt.Errorf("%w: its log took no more: %w", ErrLost, err))
	}
}
