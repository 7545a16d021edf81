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
	// without a word. It costs a millisecond, and if still nothing comes it is done
	// after twice as long, up to feedLong.
	feedQuiet = 5 * time.Second
	feedLong  = 20 * time.Second
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
	newest bool          // of each subject the last message only, and again after a break
	at     uint64        // the last message
	limit  time.Duration // see tooQuiet

	// take gets the messages, and says whether to go on. meta is the message's.
	take func(m jetstream.Msg, meta *jetstream.MsgMetadata) (more bool)
	// begun hears, if it isn't nil, that a consumer has begun, and how many messages
	// were there for it.
	begun func(pending uint64)
	// look is called, if it isn't nil, every feedLook without a message, and says
	// whether none can come.
	look func() (idle bool)
}

// read reads from the first message on, and as they come, until take returns
// false or ctx ends, whose cause it returns then.
func (o *Owner) read(ctx context.Context, s jetstream.Stream, filter string, take func(m jetstream.Msg, seq uint64) (more bool)) error {
	r := &reader{owner: o, stream: s, filter: filter,
		take: func(m jetstream.Msg, meta *jetstream.MsgMetadata) bool { return take(m, meta.Sequence.Stream) }}
	if r.follow(ctx, nil) {
		return context.Cause(ctx)
	}
	return nil
}

// follow takes from one consumer after the other, from c first if there is one,
// until take returns false, or ctx ends; more says that it was ctx.
func (r *reader) follow(ctx context.Context, c jetstream.Consumer) (more bool) {
	for ctx.Err() == nil {
		if c != nil && !r.drink(ctx, c) {
			return false
		}
		next, err := r.consumer(ctx)
		if c = next; err != nil {
			c = nil
			select {
			case <-ctx.Done():
			case <-time.After(feedPause):
			}
		}
	}
	return true
}

// consumer makes a consumer of what comes after the last message, or of the
// newest.
func (r *reader) consumer(ctx context.Context) (c jetstream.Consumer, err error) {
	cfg := jetstream.ConsumerConfig{FilterSubject: r.filter, AckPolicy: jetstream.AckNonePolicy, MaxDeliver: 1,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.at + 1, InactiveThreshold: feedLife, MemoryStorage: true, Replicas: 1}
	if r.newest {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverLastPerSubjectPolicy, 0
	}
	err = names.Persist(ctx, func(ctx context.Context) (err error) {
		c, err = r.stream.CreateConsumer(ctx, cfg)
		return err
	})
	return c, err
}

// drink takes what a consumer brings, until take returns false, which it returns,
// or the consumer seems to be gone, or to have lost something on the way.
func (r *reader) drink(ctx context.Context, c jetstream.Consumer) (more bool) {
	ms, err := c.Messages(jetstream.PullExpiry(5*feedBeat), jetstream.PullHeartbeat(feedBeat))
	if err != nil {
		return true
	}
	defer ms.Stop()
	if r.begun != nil {
		r.begun(c.CachedInfo().NumPending)
	}
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
			if quiet += feedLook; ctx.Err() != nil || !late || r.tooQuiet(quiet) {
				return true
			}
			continue
		}
		quiet, r.limit = 0, feedQuiet
		meta, err := m.Metadata()
		if err != nil || meta.Sequence.Consumer != last+1 {
			return true
		}
		last, r.at = meta.Sequence.Consumer, meta.Sequence.Stream
		if !r.take(m, meta) {
			return false
		}
	}
}

// tooQuiet reports whether to begin anew after so long without a message.
func (r *reader) tooQuiet(quiet time.Duration) bool {
	if r.look != nil && r.look() || quiet < max(r.limit, feedQuiet) {
		return false
	}
	r.limit = min(2*max(r.limit, feedQuiet), feedLong)
	return true
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
	f.take = func(m jetstream.Msg, meta *jetstream.MsgMetadata) bool { return o.result(m, meta.Sequence.Stream) }
	f.look = func() bool { return !o.busy() }
	c, err := f.consumer(ctx)
	if err != nil {
		return nil, err
	}
	ctx, f.cancel = context.WithCancel(o.ctx)
	go func() {
		defer close(f.ended)
		f.follow(ctx, c)
	}()
	return f, nil
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
