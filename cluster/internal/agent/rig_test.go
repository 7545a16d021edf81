package agent

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/registry"
)

// rig is an agent that does nothing by itself, with a lane and a loop, and the
// other side of both.
type rig struct {
	*Agent
	t    *testing.T
	x    *executor
	lane *lane
	id   names.Loop
	js   jetstream.JetStream // of a connection of its own
}

func newRig(t *testing.T, opts ...nats.Option) *rig {
	s, err := embed.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r := &rig{t: t, x: &executor{}, id: names.Loop{Program: "owner", Run: 1}}
	dial := func(opts ...nats.Option) *link.Link {
		c, err := link.Dial(t.Context(), link.Config{URL: s.URL(), Space: "default", Options: opts})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	r.js = dial().JS
	c := dial(opts...)
	r.Agent = newAgent(Config{Link: c, Program: names.Program{Version: "1"}, Local: r.x, Redeliver: time.Minute, Deliveries: 3})
	if r.loops, err = c.JS.Stream(t.Context(), c.Space.Loops()); err != nil {
		t.Fatal(err)
	}
	if r.lane, err = newLane(t.Context(), r.Agent, &registry.Body{Name: "body"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.End()
		r.lane.leave()
	})
	return r
}

// send sends a chunk with one item.
func (r *rig) send(number uint64, item wire.Item) {
	r.t.Helper()
	b := wire.AppendItem(wire.AppendChunkHead(nil, &wire.Chunk{}, 1), &item, nil, nil)
	r.publish(r.Link.Space.Chunk(r.lane.name, r.id, number), b)
}

func (r *rig) publish(subject string, b []byte) {
	r.t.Helper()
	if _, err := r.js.Publish(r.t.Context(), subject, b); err != nil {
		r.t.Fatal(err)
	}
}

// spec has the loop's constants where the agent looks for them.
func (r *rig) spec() {
	r.t.Helper()
	r.publish(r.Link.Space.Spec(r.id), wire.AppendSpec(nil, &wire.Spec{Name: "loop", Body: "body"}))
}

// pull takes one chunk.
func (r *rig) pull() {
	r.t.Helper()
	if n, err := r.lane.pull(1, false); n != 1 || err != nil {
		r.t.Fatalf("%d chunks came, %v", n, err)
	}
}

// verdict is what the agent proposes of an item, once it does.
func (r *rig) verdict(item int, round uint32) wire.Kind {
	r.t.Helper()
	s, err := r.js.Stream(r.t.Context(), r.Link.Space.Results())
	if err != nil {
		r.t.Fatal(err)
	}
	var p *wire.Part
	r.eventually("a proposal", func() bool {
		m, err := s.GetLastMsgForSubject(r.t.Context(), r.Link.Space.Result(r.id, item, round))
		if err != nil {
			return false
		}
		p, err = wire.DecodePart(m.Data)
		return err == nil
	})
	return p.Proposals[0].Kind
}

func (r *rig) eventually(what string, is func() bool) {
	r.t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("%s: not within ten seconds", what)
		}
	}
}

func (r *rig) holds() int {
	r.Agent.mu.Lock()
	defer r.Agent.mu.Unlock()
	return len(r.held)
}

// executor runs nothing.
type executor struct {
	refuses    error
	attaching  func() // called while a job is attached
	mu         sync.Mutex
	attached   int
	woken      int
	wasOffered bool
}

func (x *executor) Check(*engine.Spec) error { return x.refuses }
func (x *executor) Slots() int               { return 1 }

func (x *executor) Attach(engine.Job) (engine.Handle, error) {
	if x.attaching != nil {
		x.attaching()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.attached++
	x.wasOffered = true
	return x, nil
}

func (x *executor) Detach() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.attached--
}

func (x *executor) Wake() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.woken++
}

func (x *executor) Revoke(engine.Task) bool  { return false }
func (x *executor) Running(engine.Task) bool { return true }
func (x *executor) Kill(engine.Task, error)  {}

// open is the loop as the executor has it.
func (r *rig) open() *work {
	r.t.Helper()
	w := newWork(r.Agent, r.lane, r.id)
	r.Agent.mu.Lock()
	r.works[r.id] = w
	r.Agent.mu.Unlock()
	if err := w.attach(&wire.Spec{Name: "loop", Body: "body"}); err != nil {
		r.t.Fatal(err)
	}
	return w
}

// pending are the chunks that the server counts as in agents' hands.
func (r *rig) pending() int {
	r.t.Helper()
	c, err := r.js.Consumer(context.WithoutCancel(r.t.Context()), r.Link.Space.Tasks(), r.lane.name)
	if err != nil {
		r.t.Fatal(err)
	}
	return c.CachedInfo().NumAckPending
}
