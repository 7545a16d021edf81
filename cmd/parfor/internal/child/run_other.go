//go:build !unix

package child

import (
	"context"
	"errors"
	"os/exec"
	"sync"
	"time"
)

const startPatience = 0

var errTimeout = errors.New("the time for one command is up")

// run does without process groups: the command alone is killed, at once, and
// what it started goes on.
func run(ctx context.Context, c *Command, path string) (r Result, err error) {
	caller := ctx
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.Timeout, errTimeout)
		defer cancel()
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var mu sync.Mutex // the two streams come from two goroutines
	out, errs := newCapture(c, Stdout, &r.Stdout), newCapture(c, Stderr, &r.Stderr)
	cmd := exec.CommandContext(ctx, path, c.Argv[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdin = environment(c.Env), c.Dir, input(c)
	cmd.Stdout, cmd.Stderr = &sink{&mu, out, fail}, &sink{&mu, errs, fail}
	cmd.WaitDelay = orDefault(c.Linger, DefaultLinger)
	r.Started = time.Now()
	if err := cmd.Start(); err != nil {
		return r, explained(c, path, err)
	}
	err = cmd.Wait()
	r.Took = time.Since(r.Started)
	out.end()
	errs.end()
	r.Code = cmd.ProcessState.ExitCode()
	r.Leftover = errors.Is(err, exec.ErrWaitDelay)
	cause := context.Cause(ctx)
	r.TimedOut = errors.Is(cause, errTimeout)
	var spilling *SpillError
	switch {
	case errors.As(cause, &spilling):
		return r, cause
	case caller.Err() != nil:
		return r, context.Cause(caller)
	}
	return r, nil
}

// sink is a capture as a writer.
type sink struct {
	mu   *sync.Mutex
	to   *capture
	fail func(error)
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.to.add(b); err != nil {
		s.fail(err)
	}
	return len(b), nil
}
