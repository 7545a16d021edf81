package owner

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/names"
)

const (
	// feedQuiet is after how long without a result a feed is begun anew while there
	// are loops: where servers change their leader a consumer may be forgotten
	// without a word. It costs a millisecond.
	feedQuiet = 15 * time.Second
	feedBeat  = 2 * time.Second // the server says that often that it has nothing
	feedPause = 250 * time.Millisecond
)

// feed brings the messages of the results stream that match a filter, each once,
// in the stream's order.
type feed struct {
	owner  *Owner
	filter string
	at     uint64 // the last message
	cancel context.CancelFunc
	ended  chan struct{}
}

// listen begins a feed from the first message on.
func (o *Owner) listen(ctx context.Context, filter string) (*feed, error) {
	f := &feed{owner: o, filter: filter, ended: make(chan struct{})}
	c, err := follow(ctx, o.results, filter, 1)
	if err != nil {
		return nil, err
	}
	ctx, f.cancel = context.WithCancel(o.ctx)
	go f.run(ctx, c)
	return f, nil
}

// run takes messages from one consumer after the other.
func (f *feed) run(ctx context.Context, c jetstream.Consumer) {
	defer close(f.ended)
	for ctx.Err() == nil {
		if c != nil {
			f.drink(ctx, c)
		}
		next, err := follow(ctx, f.owner.results, f.filter, f.at+1)
		if c = next; err != nil {
			c = nil
			select {
			case <-ctx.Done():
			case <-time.After(feedPause):
			}
		}
	}
}

// drink takes what a consumer brings, until it seems to be gone.
func (f *feed) drink(ctx context.Context, c jetstream.Consumer) {
	ms, err := c.Messages(jetstream.PullExpiry(5*feedBeat), jetstream.PullHeartbeat(feedBeat))
	if err != nil {
		return
	}
	defer ms.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, feedQuiet)
		m, err := ms.Next(jetstream.NextContext(once))
		late := once.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil, err != nil && !late, err != nil && f.owner.busy():
			return
		case err != nil:
			continue
		}
		meta, err := m.Metadata()
		if err != nil {
			return
		}
		f.at = meta.Sequence.Stream
		f.owner.result(m, f.at)
	}
}

// busy reports whether results may come.
func (o *Owner) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.open) > 0
}

// stop ends a feed and waits for that.
func (f *feed) stop() {
	f.cancel()
	<-f.ended
}

// follow is a consumer of what matches a filter, from a message on.
func follow(ctx context.Context, s jetstream.Stream, filter string, from uint64) (c jetstream.Consumer, err error) {
	err = names.Persist(ctx, func(ctx context.Context) (err error) {
		c, err = s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter},
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from})
		return err
	})
	return c, err
}
