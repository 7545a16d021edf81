package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
)

const entries = "KV_PF_default_AGENTS"

// An election among the servers that have the registry of agents: a loop that waits
// for its first agent gets it, agents that are there stay, one that comes is seen,
// and so is that one was killed.
func TestServersRoster(t *testing.T) {
	c := three(t)
	x := connected(t, c.URL(), cluster.Replicas(3), cluster.WaitForAgents(0))
	f := parfor.Submit(long(t), x, square, 5)
	first := c.LeaderOf(entries)
	c.Kill(first)
	agentProcess(t, c.URL(), 1)
	victim := agentProcess(t, c.URL(), 2)
	began := time.Now()
	if got, err := f.Result(long(t)); got != 25 || err != nil {
		tell(t, c.URL())
		t.Fatal(got, err)
	}
	t.Logf("the loop that waited was over after %v", time.Since(began).Round(time.Millisecond))
	slotsUntil(t, x, 3, 0)

	c.Start(first)
	c.Together()
	c.Kill(c.LeaderOf(entries))
	killed := time.Now()
	agentProcess(t, c.URL(), 4)
	slotsUntil(t, x, 7, 3)
	t.Logf("the agent that came was seen after %v", time.Since(killed).Round(time.Millisecond))
	// For longer than an entry lasts that isn't written again.
	for last := killed.Add(names.EntryLife + names.EntryDoubt + names.RenewEvery); time.Now().Before(last); time.Sleep(10 * time.Millisecond) {
		if n := x.Slots(); n != 7 {
			t.Fatalf("%d slots, %v after the second leader was killed", n, time.Since(killed))
		}
	}
	for slots, at := range renewed(t, c.URL()) {
		if age := time.Since(at); age > names.RenewEvery+5*time.Second {
			t.Errorf("the agent with %d slots wrote its entry %v ago", slots, age)
		}
	}

	kill(t, victim)
	began = time.Now()
	slotsUntil(t, x, 5, 5)
	took := time.Since(began)
	t.Logf("the agent that was killed counted for %v", took.Round(time.Millisecond))
	if limit := names.EntryLife + names.EntryDoubt + 5*time.Second; took > limit {
		t.Errorf("that is more than %v", limit)
	}
}

// slotsUntil waits until the executor knows of that many slots. It never may know
// of fewer than the least.
func slotsUntil(t *testing.T, x *cluster.Executor, n, least int) {
	t.Helper()
	for end := time.Now().Add(longPatience / 2); ; time.Sleep(time.Millisecond) {
		switch got := x.Slots(); {
		case got == n:
			return
		case got < least:
			t.Fatalf("%d slots, of %d at least", got, least)
		case time.Now().After(end):
			t.Fatalf("%d slots, want %d", got, n)
		}
	}
}

// renewed is when agents last wrote their entries, by their slots.
func renewed(t *testing.T, url string) map[int]time.Time {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(long(t), entries)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(long(t), jetstream.WithSubjectFilter(names.Space("default").EntrySubject("*")))
	if err != nil {
		t.Fatal(err)
	}
	at := map[int]time.Time{}
	for subject := range info.State.Subjects {
		m, err := s.GetLastMsgForSubject(context.Background(), subject)
		if err != nil {
			t.Fatal(err)
		}
		e, err := wire.DecodeEntry(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		at[e.Slots] = m.Time
	}
	if len(at) != 3 {
		t.Errorf("%d agents have entries", len(at))
	}
	return at
}
