package owner

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
)

const (
	idHeader     = "Nats-Msg-Id"
	expectHeader = "Nats-Expected-Last-Subject-Sequence"
	rollupHeader = "Nats-Rollup"
)

// chunkBytes is about how large a chunk of small items may grow.
const chunkBytes = 256 << 10

// ship takes tasks from the job and sends them, as many as may be on their way.
func (l *loop) ship() {
	if !l.opened || l.canceled || l.broken != nil || l.detached {
		return
	}
	for len(l.again) > 0 && len(l.chunks) < l.window() {
		s := l.again[0]
		l.again = l.again[1:]
		l.send([]engine.Task{s.task})
	}
	if l.kept != nil {
		l.keep()
		return
	}
	for len(l.chunks) < l.window() {
		n, _ := l.job.Take(l.ts[:l.chunkSize()])
		if n == 0 {
			return
		}
		l.send(l.ts[:n])
	}
}

// send encodes tasks and publishes them, as one chunk if they are not too large.
func (l *loop) send(ts []engine.Task) {
	limit := l.owner.payload() - wire.ChunkOverhead
	var group []*sent
	body := l.buf[:0]
	flush := func() {
		if len(group) > 0 {
			l.publish(group, body)
		}
		group, body = nil, body[:0]
	}
	for _, t := range ts {
		s := &sent{task: t, round: l.rounds[t.Index], asker: new(asker)}
		if ref, stored := l.elsewhere(t.Index); stored {
			flush()
			l.hold(s)
			l.refer(s, ref)
			continue
		}
		head, tail, err := l.job.AppendItem(nil, t)
		size := len(head) + len(tail) + wire.ChunkOverhead
		if err != nil {
			l.hold(s)
			l.finish(s, &engine.Outcome{Err: err, Start: meter.Now()})
			continue
		}
		if len(body)+size > min(limit, chunkBytes) {
			flush()
		}
		if size > limit && !l.fits(s, len(head)+len(tail)) {
			l.hold(s)
			l.store(s, head, tail)
			continue
		}
		body = wire.AppendItem(body, &wire.Item{Index: t.Index, Attempt: t.Attempt, Round: s.round}, head, tail)
		group = append(group, s)
		l.hold(s)
	}
	flush()
	if cap(body) <= 4*chunkBytes {
		l.buf = body
	} else {
		l.buf = nil
	}
}

// hold notes that a task is claimed.
func (l *loop) hold(s *sent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[s.task.Index] == nil {
		l.owner.watch.InFlight.Add(1)
	}
	l.open[s.task.Index] = s
}

// publish sends a chunk.
func (l *loop) publish(group []*sent, body []byte) {
	c := l.newChunk(group)
	m := l.chunkMessage(c.number)
	m.Data = append(wire.AppendChunkHead(make([]byte, 0, len(body)+wire.ChunkOverhead), l.chunkHead(), len(group)), body...)
	l.unstored++
	l.owner.watch.Chunks.Add(1)
	l.owner.Link.Post.Send(m, func(a post.Ack, err error) {
		l.put(func() {
			c.seq = a.Seq
			l.stored(group, err)
		})
	})
}

// newChunk makes a chunk of tasks.
func (l *loop) newChunk(group []*sent) *chunk {
	c := &chunk{number: l.nth, left: len(group), since: time.Now()}
	l.nth++
	l.chunks[c.number] = c
	for _, s := range group {
		s.chunk = c
	}
	return c
}

// chunkMessage is a chunk's message without its data.
func (l *loop) chunkMessage(n uint64) *nats.Msg {
	return message(l.owner.Link.Space.Chunk(l.lane, l.id, n), nil, idHeader, l.id.String()+"."+strconv.FormatUint(n, 10))
}

func (l *loop) chunkHead() *wire.Chunk {
	w := &wire.Chunk{Serial: l.spec.Workers > 0}
	if at, limited := l.spec.Ctx.Deadline(); limited {
		w.Limited, w.Left = true, time.Until(at)
	}
	return w
}

// stored hears how the publishing of a chunk ended.
func (l *loop) stored(group []*sent, err error) {
	l.unstored--
	if err == nil || errors.Is(err, errWithdrawn) {
		return
	}
	if errors.Is(err, nats.ErrMaxPayload) {
		err = parfor.Permanent(err)
	}
	for _, s := range group {
		if l.open[s.task.Index] == s && !s.ruled {
			l.finish(s, &engine.Outcome{Err: fmt.Errorf("parfor: the cluster did not take the item: %w", err), Start: meter.Now()})
		}
	}
}
