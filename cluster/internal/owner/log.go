package owner

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
)

// snapshotEvery is after how many commits one message replaces them all, so
// that neither the log nor the results stream grows with the loop.
const snapshotEvery = 256

// takenMost is how many results may stay in their stream that the log has already.
const takenMost = 4096

// Where the results' stream has room for little, a loop leaves no more than a part of
// that in it of what it has taken.
const (
	takenPart      = 8
	resultOverhead = 200 // bytes of a message with results beside those
)

// due reports whether it is time for a snapshot. While results wait it is so only
// when that is about memory.
func (l *loop) due(idle bool) bool {
	return idle && (l.log.since >= snapshotEvery || l.quiet && l.log.taken > 0) || l.log.taken >= takenMost || l.log.takenBytes >= l.owner.takenRoom ||
		l.spentBytes > spentMost || l.log.since >= 4*snapshotEvery
}

// commitLog is a loop's log: what its owner takes as results is in it before
// anybody sees them. Each message names the sequence of the one before, so that
// an owner that lost the loop without knowing is refused.
type commitLog struct {
	subject    string
	busy       bool   // a message is on its way
	fence      uint64 // sequence of the last one
	number     uint64 // of the last commit
	since      int    // commits since the last snapshot
	taken      int    // results that they took,
	takenBytes int64  // and how large those are
	upto       uint64 // sequence of the last result consumed
	seen       string // the last mark that came back; see stop.go
}

// startLog writes the first message, which must be the log's first.
func (l *loop) startLog() {
	if l.kept != nil { // it was begun when the loop was taken
		l.opened = true
		return
	}
	l.write(&wire.Commit{}, func() { l.opened = true })
}

// commit writes a batch of results, and calls then when the log has it.
func (l *loop) commit(consumed []uint64, then func()) {
	if len(consumed) > 0 {
		l.log.upto = consumed[len(consumed)-1]
	}
	l.log.since++
	l.log.taken += len(consumed)
	began := time.Now()
	c := &wire.Commit{Consumed: consumed}
	l.records.move(c)
	l.stowed(c, func() {
		l.write(c, func() {
			l.owner.watch.Commits.Note(time.Since(began))
			then()
		})
	})
}

// snapshot replaces the log by what it comes to, and then forgets the results
// that it stands for.
func (l *loop) snapshot() {
	l.log.since, l.log.taken, l.log.takenBytes = 0, 0, 0
	upto, spent := l.log.upto, l.spent
	l.spent, l.spentBytes = nil, 0
	l.write(&wire.Commit{Snapshot: true, Upto: upto, Done: l.done}, func() {
		l.owner.running.Go(func() {
			ctx, cancel := l.owner.request()
			defer cancel()
			l.owner.forget(ctx, l.id, upto) // what stays is forgotten with the next snapshot, or with the loop
		})
		if len(spent) > 0 {
			l.owner.drop(l.id, spent)
		}
	})
}

func (l *loop) write(c *wire.Commit, then func()) {
	l.record(l.commitMessage(c), func(seq uint64) {
		l.log.fence = seq
		then()
	})
}

// commitMessage is the log's next message.
func (l *loop) commitMessage(c *wire.Commit) *nats.Msg {
	c.Owner, c.Number = l.owner.id, l.log.number
	l.log.number++
	m := message(l.log.subject, wire.AppendCommit(nil, c), expectHeader, strconv.FormatUint(l.log.fence, 10),
		idHeader, fmt.Sprintf("%s.%s.%s.%d", l.log.subject, l.owner.id, l.id, c.Number))
	if c.Snapshot {
		m.Header.Set(rollupHeader, "sub")
	}
	return m
}

// record stores a message that must be the next of its subject, and calls then
// with its sequence; if it can't be, the loop fails.
func (l *loop) record(m *nats.Msg, then func(seq uint64)) {
	l.log.busy = true
	l.owner.Link.Post.Send(m, func(a post.Ack, err error) {
		l.put(func() {
			var refused *post.Refused
			if errors.As(err, &refused) && refused.Fenced() && !refused.Forgotten() {
				l.owner.running.Go(func() { l.verify(m, err, then) })
				return
			}
			if err != nil {
				err = fmt.Errorf("%w: its log took no more: %w", ErrLost, err)
			}
			l.recorded(a.Seq, err, then)
		})
	})
}

// verify looks whose message is there in place of one that was refused.
func (l *loop) verify(m *nats.Msg, refused error, then func(uint64)) {
	seq, err := l.owner.instead(l.owner.ctx, m, refused)
	l.put(func() { l.recorded(seq, err, then) })
}

func (l *loop) recorded(seq uint64, err error, then func(uint64)) {
	l.log.busy = false
	if err != nil {
		l.fail(err)
		return
	}
	then(seq)
}
