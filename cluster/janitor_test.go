package cluster_test

import (
	"errors"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// What a killed program left is removed once nobody may want it any more: its
// loops without a name, and later those with one.
func TestAbandoned(t *testing.T) {
	slow(t)
	s := serverAt(t)
	agent := agentProcess(t, s.URL(), 2)
	c := callerProcess(t, s.URL(), "left", 4000, callerKeep+"=2s")
	other := callerProcess(t, s.URL(), "", 4000, callerKeep+"=2s")
	for _, c := range []*caller{c, other} {
		c.until(t, 100)
		kill(t, c.cmd)
	}
	x := connected(t, s.URL(), cluster.Lease(life), cluster.KeepAbandoned(0, 0))
	for r, err := range parfor.Stream(within(t), each(100), nap, parfor.On(x.Loop("mine"))) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Index == 3 {
			break
		}
	}
	kill(t, agent)
	if streamed(t, s.URL(), "PF_default_L") == 0 {
		t.Fatal("the programs left nothing")
	}
	connected(t, s.URL()) // looks at once, as
	connected(t, s.URL()) // the other does
	empty(t, s.URL())
	for _, err := range cluster.Attach(within(t), x, "left", once) {
		if !errors.Is(err, cluster.ErrNoLoop) {
			t.Error(err)
		}
	}
}

// What lives is left alone, however short its life.
func TestLivingIsLeft(t *testing.T) {
	s := serverAt(t)
	agentProcess(t, s.URL(), 2)
	x := connected(t, s.URL(), cluster.Lease(time.Second), cluster.KeepAbandoned(0, 0))
	slotsOf(t, x, 2)
	for _, on := range []parfor.Executor{x, x.Loop("mine")} {
		if out, err := parfor.Map(within(t), parfor.Range(100), nap, parfor.On(on)); err != nil || out[99] != 99*99 {
			t.Error(err)
		}
	}
}
