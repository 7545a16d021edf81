package agent

import (
	"testing"

	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
)

// An agent that was thought dead may get an item again that it still runs. The new
// round waits: the questions of the former would be taken for its own.
func TestRoundsOfAnItem(t *testing.T) {
	r := newRig(t)
	w := r.open()
	for round := range uint32(2) {
		r.send(uint64(round), wire.Item{Index: 7, Round: round})
		r.pull()
	}
	r.send(2, wire.Item{Index: 8})
	r.pull()
	var ts [4]engine.Task
	n, _ := w.Take(ts[:])
	if n != 2 || ts[0].Index != 7 || ts[1].Index != 8 {
		t.Fatalf("%d claimed: %v", n, ts[:n])
	}
	woken := r.x.woken
	w.Finish(ts[0], &engine.Outcome{})
	want(t, "wakes", r.x.woken, woken+1)
	if n, _ := w.Take(ts[2:]); n != 1 || w.at(ts[2]).item.Round != 1 {
		t.Fatalf("%d claimed: %v", n, ts)
	}
	if round, _, err := w.settled(7); round != 1 || err != nil {
		t.Errorf("it asks for round %d, %v", round, err)
	}
	w.Return(ts[1:3])
	want(t, "items that wait", w.Pending(), 2)
}
