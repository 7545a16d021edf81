package agent

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/call"
)

// asking is a loop with one item that runs, whose owner is not there.
func asking(t *testing.T) *work {
	s, err := embed.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := link.Dial(t.Context(), link.Config{URL: s.URL(), Space: "default"})
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{Config: Config{Link: c}, id: "me", quit: make(chan struct{})}
	if err := a.asks.begin(c.NC); err != nil {
		t.Fatal(err)
	}
	w := newWork(a, nil, names.Loop{Program: "gone", Run: 1})
	w.owner = "gone"
	w.running[3] = run{round: 2}
	t.Cleanup(func() {
		reached.Delete(w.reach)
		a.asks.end()
		c.Close()
		s.Close()
	})
	return w
}

// soon has tests wait for less.
func soon(t *testing.T) {
	was := []time.Duration{askPause, aloneTime, silentTime}
	askPause, aloneTime, silentTime = 20*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
	t.Cleanup(func() { askPause, aloneTime, silentTime = was[0], was[1], was[2] })
}

// An owner that is gone, or that says nothing any more, is an error and no wait.
func TestOwnerIsGone(t *testing.T) {
	soon(t)
	w := asking(t)
	q := &call.Through{Reach: w.reach, Index: 3}
	if _, err := w.ask(q); !errors.Is(err, errGone) {
		t.Errorf("nobody listens: %v", err)
	}
	sub, err := w.agent.Link.NC.Subscribe("pf.default.ask.gone", func(*nats.Msg) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ask(q); !errors.Is(err, errGone) {
		t.Errorf("nobody answers: %v", err)
	}
	sub.Unsubscribe()
	if _, err := w.ask(&call.Through{Reach: w.reach, Index: 4}); !errors.Is(err, errOver) {
		t.Errorf("an item that doesn't run: %v", err)
	}
	w.mute = true
	if _, err := w.ask(q); !errors.Is(err, errOver) {
		t.Errorf("a loop that is over: %v", err)
	}
}

// A question is sent until it is answered, under one number; what it says of
// others is true.
func TestAsksAgain(t *testing.T) {
	soon(t)
	silentTime = 10 * time.Second
	w := asking(t)
	var numbers, done []uint64
	_, err := w.agent.Link.NC.Subscribe("pf.default.ask.gone", func(m *nats.Msg) {
		q, err := wire.DecodeAsk(m.Data)
		if err != nil || q.Index != 3 || q.Round != 2 || string(q.Req) != "what" {
			t.Errorf("%+v, %v", q, err)
			return
		}
		numbers, done = append(numbers, q.Number), append(done, q.Done)
		if len(numbers) == 3 {
			m.Respond(wire.AppendAnswer(nil, &wire.Answer{Number: q.Number, Bytes: []byte("that")}))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.ask(&call.Through{Reach: w.reach, Index: 3, Req: []byte("what")})
	if string(b) != "that" || err != nil || len(numbers) != 3 || numbers[0] != numbers[2] || done[2] != numbers[2] {
		t.Errorf("%q, %v; %v, %v", b, err, numbers, done)
	}
	if len(w.agent.asks.open) > 0 {
		t.Error("it is still open")
	}
}
