package cluster

import (
	"context"
	"errors"
	"fmt"

	"parfor.dev/parfor/cluster/internal/agent"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/process"
)

// Serve is an agent: it runs items of every function that this program has
// registered, for the loops of other programs of the same build (or with the same
// [Version]) at the servers at url. Items run on worker processes of its own; the
// program must have called process.Main.
//
// It blocks until ctx is cancelled (signal.NotifyContext makes that a SIGTERM),
// then drains: it takes nothing more, gives back what has not begun, waits for
// what runs for [DrainGrace], and returns nil. The error says why it could not
// begin, or had to end by itself.
//
// A program may run several agents, and loops beside them.
func Serve(ctx context.Context, url string, opts ...Option) error {
	a, err := startAgent(ctx, url, opts)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		err = nil
	case <-a.agent.Failed():
		err = fmt.Errorf("parfor: the agent's workers: %w", a.agent.Err())
	}
	return errors.Join(err, a.end())
}

// serving is an agent and what it runs on.
type serving struct {
	link  *link.Link
	pool  *process.Pool
	agent *agent.Agent
}

func startAgent(ctx context.Context, url string, opts []Option) (*serving, error) {
	o, err := configure(serves, opts)
	if err != nil {
		return nil, err
	}
	self, err := names.Self(o.version)
	if err != nil {
		return nil, err
	}
	s := &serving{}
	if s.pool, err = process.NewPool(context.WithoutCancel(ctx), o.slots, o.pool...); err != nil {
		return nil, err
	}
	if s.link, err = link.Dial(ctx, link.Config{URL: url, Name: "parfor agent", Space: o.space, Store: o.store, Options: o.nats}); err != nil {
		return nil, errors.Join(err, s.pool.Close())
	}
	s.agent, err = agent.Start(ctx, agent.Config{Link: s.link, Program: self, Local: s.pool.Seal(engine.Key{}).Remote,
		Redeliver: o.redeliver, Deliveries: o.deliveries, Grace: o.grace, Store: o.store})
	if err != nil {
		s.link.Close()
		return nil, errors.Join(err, s.pool.Close())
	}
	return s, nil
}

// end drains the agent, then ends its workers.
func (s *serving) end() error {
	s.agent.End()
	if s.agent.Busy() {
		s.pool.Kill()
	}
	err := s.pool.Close()
	s.link.Close()
	return err
}
