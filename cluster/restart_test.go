package cluster_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
)

// A program sees agents that come after its server was started again, as soon as
// it is back itself: the server has forgotten who watches for them.
func TestAgentsAreSeenAfterARestart(t *testing.T) {
	slow(t)
	dir := t.TempDir()
	s, err := embed.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // the second one, when nobody uses it any more
	back := make(chan struct{}, 1)
	x := connected(t, s.URL(), cluster.NATS(nats.ReconnectHandler(func(*nats.Conn) { back <- struct{}{} })))
	end := serve(t, s.URL(), 1)
	slotsOf(t, x, 1)
	end()
	slotsOf(t, x, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = embed.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	serve(t, s.URL(), 2)
	<-back // the caller's handler is called, too
	began := time.Now()
	slotsOf(t, x, 2)
	if took := time.Since(began); took > soon {
		t.Errorf("seen after %v", took)
	}
}
