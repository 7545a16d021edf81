package cluster_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// The function and version of an agent that is broken.
const (
	brokenVersion = "broken"
	brokenBody    = "parfor.dev/parfor/cluster_test.square"
)

// silent is a broken agent: it takes chunks and says nothing of them, not even that
// it lives. Those of its lane are delivered that often. It returns how often each
// was, once the test has ended it.
func silent(t *testing.T, url string, deliveries int) (end func() map[string]int) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	stream, lane, err := cluster.Queue("default", brokenVersion, brokenBody)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.CreateConsumer(within(t), stream, jetstream.ConsumerConfig{Durable: lane, FilterSubject: "pf.default.t." + lane + ".>",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: 100 * time.Millisecond, MaxDeliver: deliveries, MaxWaiting: 1 << 13, MaxAckPending: 1 << 17})
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]int{}
	ctx, cancel := context.WithCancel(within(t))
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			batch, err := c.Fetch(10, jetstream.FetchContext(ctx))
			if err != nil {
				continue
			}
			for m := range batch.Messages() {
				taken[m.Subject()]++
			}
		}
	})
	end = sync.OnceValue(func() map[string]int {
		cancel()
		running.Wait()
		nc.Close()
		return taken
	})
	t.Cleanup(func() { end() })
	return end
}

// Where no agent ends what agents die of, for all that there are take items and say
// nothing, the owner does: with the chunk's items one by one, then as poison.
func TestPoisonNet(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL(), cluster.Version(brokenVersion), cluster.WaitForAgents(0))
	const deliveries = 3
	end := silent(t, s.URL(), deliveries)
	_, err := parfor.Map(within(t), parfor.Range(3), square, parfor.On(x), parfor.Chunk(3), parfor.KeepGoing(), parfor.Attempts(3))
	failed := parfor.Failed(err)
	for i := range 3 {
		if !errors.Is(failed[i], cluster.ErrPoison) || !strings.Contains(failed[i].Error(), "delivered to agents 3 times") {
			t.Errorf("item %d: %v", i, failed[i])
		}
	}
	if n := streamed(t, s.URL(), "PF_default_DLQ"); n != 3 {
		t.Errorf("%d dead letters", n)
	}
	taken := end()
	if len(taken) != 4 { // the chunk of three, and each alone
		t.Errorf("chunks and how often they were taken: %v", taken)
	}
	for chunk, n := range taken {
		if n != deliveries {
			t.Errorf("%s was taken %d times", chunk, n)
		}
	}
	x.Close()
	empty(t, s.URL())
}

// A broken agent beside one that is well costs time, and no item.
func TestSilentAgentBesideAnother(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL(), cluster.Version(brokenVersion))
	end := silent(t, s.URL(), 20)
	serve(t, s.URL(), 2, cluster.Version(brokenVersion), cluster.Redeliver(300*time.Millisecond))
	slotsOf(t, x, 2)
	out, err := parfor.Map(within(t), parfor.Range(40), square, parfor.On(x), parfor.Chunk(2))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range out {
		if n != i*i {
			t.Errorf("item %d: %d", i, n)
		}
	}
	if len(end()) == 0 {
		t.Error("the broken agent had nothing")
	}
	x.Close()
	empty(t, s.URL())
}
