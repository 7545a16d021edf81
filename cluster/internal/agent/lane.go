package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/internal/registry"
)

var (
	// pullTime is how long the server keeps a request that it can't meet.
	pullTime  = 5 * time.Second
	pullSlack = 2 * time.Second // until a request without an answer is thought lost
)

const (
	retryPause = 250 * time.Millisecond

	// After so many deliveries for each that an item may have, but no fewer than the
	// second, the server gives a chunk to nobody any more, and its owner ends it. It is
	// a net: agents that answer end the chunk by the second.
	deliveriesEach, deliveriesLeast = 4, 20

	maxWaiting = 1 << 13 // requests that wait at a lane, of all agents
	maxPending = 1 << 17 // chunks of a lane in the hands of all agents
)

// lane takes chunks of one function. Its goroutine asks for some, and again when
// those have come: what was not asked for never comes, and what comes is at once
// in the agent's hands, so that its heartbeats are for all of it.
type lane struct {
	agent *Agent
	body  *registry.Body
	name  string
	sub   *nats.Subscription
	next  string // where to ask
	hot   bool   // the last request was met
}

func newLane(ctx context.Context, a *Agent, b *registry.Body) (*lane, error) {
	l := &lane{agent: a, body: b, name: a.Program.Lane(b.Name)}
	if err := names.Persist(ctx, l.ensure); err != nil {
		return nil, fmt.Errorf("the lane %s: %w", l.name, err)
	}
	l.next = "$JS.API.CONSUMER.MSG.NEXT." + a.Link.Space.Tasks() + "." + l.name
	return l, l.listen()
}

// listen has the answers to requests come to a new place.
func (l *lane) listen() (err error) {
	nc := l.agent.Link.NC
	if l.sub, err = nc.SubscribeSync(nc.NewInbox()); err != nil {
		return err
	}
	return l.sub.SetPendingLimits(-1, -1)
}

// ensure makes the lane's consumer, which all agents share and none removes.
func (l *lane) ensure(ctx context.Context) error {
	space := l.agent.Link.Space
	_, err := l.agent.Link.JS.CreateOrUpdateConsumer(ctx, space.Tasks(), jetstream.ConsumerConfig{
		Durable: l.name, FilterSubject: space.LaneOf(l.name), AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: l.agent.Redeliver, MaxDeliver: max(deliveriesLeast, deliveriesEach*l.agent.Deliveries), MaxAckPending: maxPending, MaxWaiting: maxWaiting,
	})
	return err
}

func (l *lane) run() {
	a := l.agent
	for a.ctx.Err() == nil {
		n, reserved := a.credit.take(a.ctx, !l.hot)
		if n == 0 {
			break
		}
		got, err := l.pull(n, reserved)
		l.hot = got > 0
		if reserved {
			a.credit.cancel(n - got)
		}
		if err != nil && !l.mend() {
			break
		}
	}
	l.leave()
}

// pull asks for n chunks and takes them. It returns early when the request has
// expired, or the agent is to end.
func (l *lane) pull(n int, reserved bool) (got int, err error) {
	a := l.agent
	req, err := json.Marshal(struct {
		Batch   int           `json:"batch"`
		Expires time.Duration `json:"expires"`
	}{n, pullTime})
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(a.ctx, pullTime+pullSlack)
	defer cancel()
	if err := a.Link.NC.PublishRequest(l.next, l.sub.Subject, req); err != nil {
		return 0, err
	}
	for got < n {
		m, err := l.sub.NextMsgWithContext(ctx)
		if err != nil {
			return got, err
		}
		switch m.Header.Get("Status") {
		case "":
			got++
			a.credit.hold(reserved)
			a.accept(l, m)
		case "404", "408":
			return got, nil
		default: // 409: the lane is gone or full; 503: so is the server
			return got, errors.New(m.Header.Get("Description"))
		}
	}
	return got, nil
}

// mend looks after a lane that didn't answer. It blocks until that answers again;
// false says that the agent is to end, or the connection is closed. The request
// may still be on its way: only one is, however long that takes, and it is ended
// before the next, or the agent would get the chunks of both.
func (l *lane) mend() bool {
	a := l.agent
	for {
		select {
		case <-a.ctx.Done():
			return false
		case <-time.After(retryPause):
		}
		if a.Link.NC.IsConnected() && l.mended() {
			break
		}
	}
	l.leave()
	err := l.listen()
	if err != nil {
		a.Fail(fmt.Errorf("the lane %s: %w", l.name, err))
	}
	return err == nil
}

func (l *lane) mended() bool {
	ctx, cancel := context.WithTimeout(l.agent.ctx, pullTime)
	defer cancel()
	return l.ensure(ctx) == nil
}

// leave ends the requests. What the server had sent before it heard of that is
// given back.
func (l *lane) leave() {
	if err := l.sub.Drain(); err != nil {
		return
	}
	for {
		m, err := l.sub.NextMsg(pullSlack)
		if err != nil {
			return
		}
		if m.Header.Get("Status") == "" {
			m.Nak()
		}
	}
}
