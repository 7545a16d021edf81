package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoStore means that a server is there, and stores nothing.
var ErrNoStore = errors.New("parfor: the cluster's server answers and has stored nothing for a while, as when its disk is full: look at its log, make room, and start it again")

const (
	// storeTime is how long a message may wait for a store at a server that is there:
	// much longer than an election takes, or a leader to find out that it is none.
	storeTime = 30 * time.Second
	storeLook = 2 * time.Second
	storeMost = 3 // looks in a row that must find it so
)

// Storeless has f called, again and again, while the server that the link is connected
// to stores nothing of what it is sent. f must return quickly.
func (l *Link) Storeless(f func(error)) { l.storeless.tell(f) }

// watch looks whether the server stores what it is sent, until the link is closed.
// A server whose disk is full answers to everything but that.
func (l *Link) watch(ctx context.Context) {
	every := time.NewTicker(storeLook)
	defer every.Stop()
	for found := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		stream, stuck := l.stuck(ctx)
		if !stuck {
			found = 0
			continue
		}
		if found++; found >= storeMost {
			l.storeless.hear(fmt.Errorf("%w: the stream %s", ErrNoStore, stream))
		}
	}
}

// stuck returns the stream that takes nothing, though it has a leader, or can't.
func (l *Link) stuck(ctx context.Context) (stream string, is bool) {
	subject := l.Post.Unanswered(storeTime)
	if subject == "" || !l.NC.IsConnected() {
		return "", false
	}
	stream = l.Space.StreamOf(subject)
	once, cancel := context.WithTimeout(ctx, storeLook)
	defer cancel()
	_, err := l.JS.Stream(once, stream)
	return stream, err == nil || errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount)
}
