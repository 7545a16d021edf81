package cluster

import (
	"context"
	"errors"
	"fmt"

	"parfor.dev/parfor/cluster/internal/agent"
	"parfor.dev/parfor/cluster/internal/inproc"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/process"
)

// Serve is an agent: it runs items of every function that this program has
// registered, for the loops of other programs of the same build (or with the same
// [Version]) at the servers at url. Items run on worker processes of its own, and
// the program must have called process.Main; or, with [Goroutines], in this one.
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
		err = fmt.Errorf("parfor: the agent: %w", a.agent.Err())
	}
	return errors.Join(err, a.end())
}

// serving is an agent and what it runs on: one of the two.
type serving struct {
	link       *link.Link
	pool       *process.Pool
	goroutines *inproc.Executor
	agent      *agent.Agent
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
	local, err := s.executor(ctx, o)
	if err != nil {
		return nil, err
	}
	if s.link, err = link.Dial(ctx, link.Config{URL: url, Name: "parfor agent", Side: "agent", Space: o.space, Store: o.store, Options: o.nats}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	begin, cancel := s.link.Guard(ctx)
	defer cancel()
	s.agent, err = agent.Start(begin, agent.Config{Link: s.link, Program: self, Local: local, Only: o.only,
		Redeliver: o.redeliver, Deliveries: o.deliveries, Grace: o.grace, Store: o.store})
	if err != nil {
		s.link.Close()
		return nil, errors.Join(link.Explain(begin, err), s.close())
	}
	s.link.Denied(s.agent.Fail)
	s.link.Storeless(s.agent.Fail)
	return s, nil
}

// end drains the agent, then ends its workers.
func (s *serving) end() error {
	s.agent.End()
	if s.pool != nil && s.agent.Busy() {
		s.pool.Kill()
	}
	err := s.close()
	s.link.Close()
	return err
}

// executor starts what items run on.
func (s *serving) executor(ctx context.Context, o options) (engine.Remote, error) {
	if o.inProcess {
		s.goroutines = inproc.New(o.slots)
		return s.goroutines, nil
	}
	pool, err := process.NewPool(context.WithoutCancel(ctx), o.slots, o.pool...)
	if err != nil {
		return nil, err
	}
	s.pool = pool
	return pool.Seal(engine.Key{}).Remote, nil
}

// close ends it.
func (s *serving) close() error {
	if s.pool != nil {
		return s.pool.Close()
	}
	s.goroutines.Close()
	return nil
}
