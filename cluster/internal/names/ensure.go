package names

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	firstTry  = time.Second // that a request may take; each next one twice that,
	longTry   = 8 * time.Second
	tryPause  = 250 * time.Millisecond
	noPeers   = 10005 // "no suitable peers for placement"
	noCluster = 10008 // "JetStream system temporarily unavailable"
)

// Ensure makes the streams of a namespace that aren't there, and leaves others
// as they are: an administrator may have made them with limits of his own. It
// tries until ctx ends while servers look for each other, or elect a leader.
func (s Space) Ensure(ctx context.Context, js jetstream.JetStream, st Store) error {
	for _, cfg := range s.streams(st) {
		if err := Persist(ctx, func(ctx context.Context) error { return ensure(ctx, js, cfg) }); err != nil {
			return fmt.Errorf("parfor: the stream %s: %w", cfg.Name, err)
		}
	}
	err := Persist(ctx, func(ctx context.Context) error {
		_, err := s.Registry(ctx, js, st)
		return err
	})
	if err != nil {
		return fmt.Errorf("parfor: the registry of agents %s: %w", s.Agents(), err)
	}
	return nil
}

func ensure(ctx context.Context, js jetstream.JetStream, cfg jetstream.StreamConfig) error {
	_, err := js.Stream(ctx, cfg.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, cfg)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // with another configuration, by somebody else just now
			err = nil
		}
	}
	return err
}

// Persist tries a request until it is answered, or ctx ends: one that comes when
// there is no leader is lost, or refused. What it asks for must be the same when it
// is done twice: busy servers may take longer than the first tries wait.
func Persist(ctx context.Context, request func(context.Context) error) error {
	for limit := firstTry; ; limit = min(2*limit, longTry) {
		once, cancel := context.WithTimeout(ctx, limit)
		err := request(once)
		cancel()
		if err == nil || !passing(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(tryPause):
		}
	}
}

// passing reports whether an error may be gone the next time.
func passing(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode == noPeers || api.ErrorCode == noCluster
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrTimeout)
}
