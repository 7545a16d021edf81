package owner

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/names"
)

const (
	// feedQuiet is after how long without a message a reader is begun anew while
	// some may come: where servers change their leader a consumer may be forgotten
	// without a word. It costs a millisecond.
	feedQuiet = 15 * time.Second
	feedLook  = time.Second     // between two looks whether that is so
	feedBeat  = 2 * time.Second // the server says that often that it has nothing
	feedPause = 250 * time.Millisecond
	feedLife  = time.Minute // of a consumer that nobody asks any more
)

// reader reads the messages of a stream that match a filter, each once, in the
// stream's order. The client's own ordered consumer would do, if it could not
// wait for minutes where servers elect a leader.
type reader struct {
	owner  *Owner
	stream jetstream.Stream
	filter string
	at     uint64 // the last message
}

// read reads from the first message on, and as they come, until take returns
// false or ctx ends, whose cause it returns then.
func (o *Owner) read(ctx context.Context, s jetstream.Stream, filter string, take func(m jetstream.Msg, seq uint64) (more bool)) error {
	r := &reader{owner: o, stream: s, filter: filter}
	more := true
	for more && ctx.Err() == nil {
		c, err := r.consumer(ctx)
		if err == nil {
			more = r.drink(ctx, c, func() bool { return true }, take)
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(feedPause):
		}
	}
	if more {
		return context.Cause(ctx)
	}
	return nil
}

// consumer makes a consumer of what comes after the last message.
func (r *reader) consumer(ctx context.Context) (c jetstream.Consumer, err error) {
	err = names.Persist(ctx, func(ctx context.Context) (err error) {
		c, err = r.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{FilterSubject: r.filter, AckPolicy: jetstream.AckNonePolicy, MaxDeliver: 1,
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.at + 1, InactiveThreshold: feedLife, MemoryStorage: true, Replicas: 1})
		return err
	})
	return c, err
}

// drink takes what a consumer brings, until take returns false, which it returns,
// or the consumer seems to be gone, or to have lost something on the way. busy says
// whether messages may come.
func (r *reader) drink(ctx context.Context, c jetstream.Consumer, busy func() bool, take func(m jetstream.Msg, seq uint64) bool) (more bool) {
	ms, err := c.Messages(jetstream.PullExpiry(5*feedBeat), jetstream.PullHeartbeat(feedBeat))
	if err != nil {
		return true
	}
	defer ms.Stop()
	nc := r.owner.Link.NC
	connection, last, quiet := nc.Stats().Reconnects, uint64(0), time.Duration(0)
	for {
		once, cancel := context.WithTimeout(ctx, feedLook)
		m, err := ms.Next(jetstream.NextContext(once))
		late := once.Err() != nil
		cancel()
		if nc.Stats().Reconnects != connection { // what was on its way is lost
			return true
		}
		if err != nil {
			if quiet += feedLook; ctx.Err() != nil || !late || quiet >= feedQuiet && busy() {
				return true
			}
			continue
		}
		quiet = 0
		meta, err := m.Metadata()
		if err != nil || meta.Sequence.Consumer != last+1 {
			return true
		}
		last, r.at = meta.Sequence.Consumer, meta.Sequence.Stream
		if !take(m, r.at) {
			return false
		}
	}
}

// feed brings the results that match a filter to their loops.
type feed struct {
	reader
	cancel context.CancelFunc
	ended  chan struct{}
}

// listen begins a feed from the first message on.
func (o *Owner) listen(ctx context.Context, filter string) (*feed, error) {
	f := &feed{reader: reader{owner: o, stream: o.results, filter: filter}, ended: make(chan struct{})}
	c, err := f.consumer(ctx)
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
			f.drink(ctx, c, f.owner.busy, f.owner.result)
		}
		next, err := f.consumer(ctx)
		if c = next; err != nil {
			c = nil
			select {
			case <-ctx.Done():
			case <-time.After(feedPause):
			}
		}
	}
}

// busy reports whether results may come.
func (o *Owner) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.open) > 0
}

// stop ends a feed and waits for that. The server forgets its consumer by itself.
func (f *feed) stop() {
	f.cancel()
	<-f.ended
}
