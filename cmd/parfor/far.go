package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"

	"parfor.dev/parfor/cmd/parfor/internal/agent"
	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/cmd/parfor/internal/request"
)

// far is the cluster that attempts of a session run on. The loop is here: what
// is next, how fast, how often, what is kept. An agent gets one attempt.
type far struct {
	x   *cluster.Executor
	ctx context.Context // one for all attempts: so the cluster has one loop of them
	end context.CancelCauseFunc

	away   *outage
	last   context.Context // ends when nothing is waited for any more
	gaveUp atomic.Bool     // on servers that are away

	function string
}

// clusterGone ends a run: no item can be blamed for it, and none would do better.
type clusterGone struct{ error }

func (c *clusterGone) Unwrap() error { return c.error }

// join connects the session to the cluster that the flags name, if they do.
func (s *session) join(b body) error {
	if s.cluster.where == "" {
		return nil
	}
	function := agent.RunName
	if _, ok := b.(*httpBody); ok {
		function = agent.SendName
	}
	x, err := s.cluster.connect(s.cmd.Context(), function, s.say)
	if err != nil {
		return err
	}
	s.far = &far{x: x, function: function, away: &s.cluster.away}
	return nil
}

func (s *session) leave() {
	switch {
	case s.far == nil:
	case s.far.gaveUp.Load(): // to close would be to wait for them; the connection ends with us
		s.warn("the cluster's servers did not come back: agents don't know that they are to end what they run")
	default:
		if err := s.far.x.Close(); err != nil {
			s.warn(err.Error())
		}
	}
}

// slots is how many attempts should be on their way: as many again as run, so
// that an agent needn't wait for the next one.
func (f *far) slots() int { return max(1, 2*f.x.SlotsFor(f.function)) }

// ask has an agent do one attempt. The error is that of the attempt as such, or
// the end of the run.
func ask[In, Out any](f *far, body func(context.Context, In) (Out, error), in In) (Out, error) {
	out, err := parfor.Submit(f.ctx, f.x, body, in).Result(f.last) // which ends with f.ctx, when nothing runs any more
	if err == nil {
		return out, nil
	}
	if f.ctx.Err() != nil {
		return out, context.Cause(f.ctx)
	}
	for _, gone := range []error{cluster.ErrNoWorker, cluster.ErrLost, cluster.ErrOwned, parfor.ErrClosed} {
		if errors.Is(err, gone) {
			err = ioError(&clusterGone{err})
			f.end(err)
			return out, err
		}
	}
	var task *parfor.TaskError
	if errors.As(err, &task) {
		err = task.Err
	}
	return out, parfor.Permanent(err) // it was tried again already where that helps
}

// command runs a command on an agent.
func (f *far) command(c *child.Command) (child.Result, error) {
	o, err := ask(f, agent.Run, agent.Command{Argv: c.Argv, Env: c.Env, Dir: c.Dir, Stdin: c.Stdin,
		Timeout: c.Timeout, Grace: c.Grace, MaxOutput: c.MaxOutput})
	if err != nil {
		return child.Result{}, err
	}
	if o.NotStarted != "" {
		return child.Result{}, &child.StartError{Code: o.Code, Err: errors.New(o.NotStarted)}
	}
	return o.Result(), nil
}

// mostBody is how much of a request travels: it is in the memory of all on its way.
const mostBody = 64 << 20

// request sends a request from an agent. Took is there.
func (f *far) request(r *request.Request, o agent.Options, env []request.Field) (resp *request.Response, took time.Duration, err error) {
	sealed, err := r.Seal(mostBody)
	if err != nil {
		return nil, 0, parfor.Permanent(err)
	}
	if err := noSecret(sealed.Header, env); err != nil {
		return nil, 0, parfor.Permanent(err)
	}
	a, err := ask(f, agent.Send, agent.Sending{Request: sealed, Options: o, Env: env})
	if err != nil {
		return nil, 0, err
	}
	return a.Response(), a.Took, a.Err()
}
