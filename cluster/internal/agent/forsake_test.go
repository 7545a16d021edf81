package agent

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
)

// refuse has the results stream take nothing.
func (r *rig) refuse() {
	r.t.Helper()
	s, err := r.js.Stream(r.t.Context(), r.Link.Space.Results())
	if err != nil {
		r.t.Fatal(err)
	}
	c := s.CachedInfo().Config
	c.MaxMsgSize = 1
	if _, err := r.js.UpdateStream(r.t.Context(), c); err != nil {
		r.t.Fatal(err)
	}
}

// A chunk that comes while the agent ends is for others: it is not taken for one
// of a loop that is over.
func TestChunkComesAtTheEnd(t *testing.T) {
	r := newRig(t)
	r.send(1, wire.Item{})
	r.deserted = true
	r.pull()
	r.pull()
}

// A chunk of which two messages are refused frees one place, and what still runs
// of it says nothing more: a question of another task would wait for that.
func TestRefusedTwice(t *testing.T) {
	r := newRig(t)
	w := r.open()
	r.credit.hold(false)
	r.send(1, wire.Item{Index: 1})
	r.pull()
	var h *held
	for h = range w.chunks {
	}
	w.running[2] = run{}
	w.mu.Lock()
	h.sent, h.left = 2, 2
	w.mu.Unlock()
	for range 2 {
		w.stored(h, []proposal{{index: 1}}, false, 0, &post.Refused{Code: 1})
	}
	want(t, "chunks held", r.credit.held, 1)
	r.credit.release()
	w.mu.Lock()
	w.propose(h, &h.chunk.Items[0], &wire.Proposal{Writes: []byte("some")})
	w.mu.Unlock()
	settled := make(chan error)
	go func() {
		_, _, err := w.settled(2)
		settled <- err
	}()
	select {
	case err := <-settled:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a question waits for what is never sent")
	}
}

// A suspect of which nothing can be noted is for others.
func TestRefusedNote(t *testing.T) {
	r := newRig(t)
	r.open()
	r.refuse()
	r.send(1, wire.Item{})
	c, err := r.js.Consumer(t.Context(), r.Link.Space.Tasks(), r.lane.name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	m.Nak()
	for range 2 {
		r.pull()
		r.eventually("the chunk is let go", func() bool { return r.holds() == 0 })
		if r.suspect != nil {
			t.Error("it is still the suspect")
		}
	}
}
