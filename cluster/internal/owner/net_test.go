package owner

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/internal/engine"
)

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

var _ = parfor.Register(double)

// chair is an executor on an owner.
type chair struct {
	*Owner
	ledger engine.Ledger
}

func (c *chair) Seal(engine.Key) engine.Engine {
	return engine.Engine{Kind: "cluster", Remote: c.Remote(), Ledger: &c.ledger}
}

// A chunk that nobody answers is found by looking: one that was delivered as often as
// may be, when the server's word of that got lost; and one that an agent has taken out
// of the queue.
func TestLook(t *testing.T) {
	every, age := netEvery, netAge
	defer func() { netEvery, netAge = every, age }()
	netEvery, netAge = 40*time.Millisecond, 80*time.Millisecond
	for name, agent := range map[string]func(jetstream.Msg){
		"delivered in vain": func(jetstream.Msg) {},
		"taken out":         func(m jetstream.Msg) { m.Ack() },
	} {
		t.Run(name, func(t *testing.T) {
			c := linked(t)
			o, err := New(t.Context(), Config{Link: c, Program: names.Program{Version: "v"}, Life: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			o.vain.Unsubscribe() // it hears nothing
			x := &chair{Owner: o}
			lane := o.Program.Lane("parfor.dev/parfor/cluster/internal/owner.double")
			q, err := c.JS.CreateConsumer(t.Context(), c.Space.Tasks(), jetstream.ConsumerConfig{Durable: lane, FilterSubject: c.Space.LaneOf(lane),
				AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Millisecond, MaxDeliver: 2})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			ended, end := context.WithCancel(ctx)
			var running sync.WaitGroup
			running.Go(func() {
				for ended.Err() == nil {
					if m, err := q.Next(jetstream.FetchContext(ended)); err == nil {
						agent(m)
					}
				}
			})
			_, err = parfor.Map(ctx, parfor.Range(2), double, parfor.On(x), parfor.Chunk(2), parfor.KeepGoing())
			failed := parfor.Failed(err)
			if len(failed) != 2 || !errors.Is(failed[0], ErrPoison) || !errors.Is(failed[1], ErrPoison) {
				t.Errorf("%v: %v", failed, err)
			}
			end()
			running.Wait()
			if err := o.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
