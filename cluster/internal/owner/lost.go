package owner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A server that keeps streams in memory has none when it is started again, and what
// is made in their place knows of nothing. Loops that waited for it would for ever,
// so who has connected again looks whether the streams are still the same.

const (
	// missedMost is how often a stream must be missing. Servers that start may not
	// know theirs for a moment.
	missedMost = 3
	sameTime   = 2 * time.Second // bounds a look
)

var errRestarted = fmt.Errorf("%w: the server that kept it in memory was started again, or its streams were removed: run the loop anew", ErrLost)

// streams tells whether the streams are those that the owner has begun with.
type streams struct {
	connection uint64 // the number of the one when they were the last time
	made       map[string]time.Time
	missed     int
}

func (s *streams) note(all ...jetstream.Stream) {
	s.made, s.missed = map[string]time.Time{}, 0
	for _, one := range all {
		s.made[one.CachedInfo().Config.Name] = one.CachedInfo().Created
	}
}

// gone looks, after a connection was lost, whether streams are others now, or none.
func (o *Owner) gone(ctx context.Context) bool {
	now := o.Link.NC.Stats().Reconnects
	if now == o.streams.connection || !o.Link.NC.IsConnected() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, sameTime)
	defer cancel()
	for name, made := range o.streams.made {
		s, err := o.Link.JS.Stream(ctx, name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			o.streams.missed++
			return o.streams.missed >= missedMost
		case err != nil: // nobody knows: the next look tells
			return false
		case !s.CachedInfo().Created.Equal(made):
			return true
		}
	}
	o.streams.connection, o.streams.missed = now, 0
	return false
}

// renew has the next loops run on new streams, and fails those that there are.
func (o *Owner) renew(ctx context.Context) {
	once, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	if err := o.reopen(once); err != nil && ctx.Err() == nil {
		slog.Warn("parfor: the cluster's streams are gone, and can't be made anew yet", "error", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.open {
		l.put(func() { l.fail(errRestarted) })
	}
	if o.leave != nil { // the lease: with the next loop begins another
		o.leave()
		o.leave = nil
	}
}

// reopen makes streams that are missing, and listens to them.
func (o *Owner) reopen(ctx context.Context) error {
	l := o.Link
	connection := l.NC.Stats().Reconnects
	if err := l.Space.Ensure(ctx, l.JS, o.Store); err != nil {
		return err
	}
	var all []jetstream.Stream
	for name := range o.streams.made {
		s, err := l.JS.Stream(ctx, name)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	f, err := o.listen(ctx, l.Space.ResultsFor(o.id))
	if err != nil {
		return err
	}
	o.feed.stop()
	o.feed = f
	o.streams.note(all...)
	o.streams.connection = connection
	return nil
}
