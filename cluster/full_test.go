package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// limited makes a stream of the default namespace with room for little, as an
// administrator may. grow gives it more.
func limited(t *testing.T, url, kind string, bytes int64) (grow func(bytes int64)) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	cfg := jetstream.StreamConfig{Name: "PF_default_" + strings.ToUpper(kind), Subjects: []string{"pf.default." + kind + ".>"},
		MaxBytes: bytes, Discard: jetstream.DiscardNew}
	switch kind {
	case "t":
		cfg.Retention = jetstream.WorkQueuePolicy
	case "r":
		cfg.MaxMsgsPerSubject, cfg.DiscardNewPerSubject = 1, true
	}
	if _, err := js.CreateStream(within(t), cfg); err != nil {
		t.Fatal(err)
	}
	return func(bytes int64) {
		cfg.MaxBytes = bytes
		if _, err := js.UpdateStream(within(t), cfg); err != nil {
			t.Error(err)
		}
	}
}

// echo gives back what it is given.
func echo(_ context.Context, b []byte) ([]byte, error) { return b, nil }

var _ = parfor.Register(echo)

func rows(n, each int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = pattern(each + i)
	}
	return all
}

// A results stream with room for a few results: agents wait for room, and the
// loop's owner makes it.
func TestResultsFull(t *testing.T) {
	s := serverAt(t)
	limited(t, s.URL(), "r", 64<<10)
	x := connected(t, s.URL())
	serve(t, s.URL(), 2)
	slotsOf(t, x, 2)
	out, err := parfor.Map(within(t), rows(40, 8<<10), echo, parfor.On(x), parfor.Chunk(1))
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range out {
		if len(b) != 8<<10+i {
			t.Errorf("item %d: %d bytes", i, len(b))
		}
	}
	x.Close()
	empty(t, s.URL())
}

// A loop can be cancelled while the tasks stream has no room for its items.
func TestTasksFullCancelled(t *testing.T) {
	s := serverAt(t)
	limited(t, s.URL(), "t", 20<<10)
	x := connected(t, s.URL(), cluster.WaitForAgents(0))
	mind := errors.New("changed my mind")
	ctx, cancel := context.WithTimeoutCause(within(t), 300*time.Millisecond, mind)
	defer cancel()
	began := time.Now()
	if _, err := parfor.Map(ctx, rows(5, 30<<10), echo, parfor.On(x)); !errors.Is(err, mind) {
		t.Errorf("cancelled: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v to cancel", took)
	}
	x.Close()
	empty(t, s.URL())
}

// A tasks stream with room for some items: the loop waits, and goes on when there is
// room.
func TestTasksFull(t *testing.T) {
	if !*faults {
		t.Skip("it waits for room again and again: run it with -faults")
	}
	s := serverAt(t)
	grow := limited(t, s.URL(), "t", 20<<10)
	x := connected(t, s.URL())
	serve(t, s.URL(), 4)
	slotsOf(t, x, 4)
	if out, err := parfor.Map(within(t), rows(30, 3<<10), echo, parfor.On(x), parfor.Chunk(1)); err != nil || len(out[29]) != 3<<10+29 {
		t.Errorf("more than there is room for at once: %v", err)
	}
	f := parfor.Submit(within(t), x, echo, pattern(30<<10))
	grow(1 << 20)
	if b, err := f.Result(within(t)); err != nil || len(b) != 30<<10 {
		t.Errorf("when there was room: %d, %v", len(b), err)
	}
	x.Close()
	empty(t, s.URL())
}
