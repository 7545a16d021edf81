package agent

import (
	"context"
	"errors"
	"syscall"
	"time"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/child"
)

// Command is one attempt of an item of run.
type Command struct {
	Argv, Env []string // Env is added to the agent's environment
	Dir       string   // there; "": where the agent was started
	Stdin     []byte
	Timeout   time.Duration
	Grace     time.Duration
	MaxOutput int64
}

// Outcome is how it ended.
type Outcome struct {
	Code           int
	Signal         int
	TimedOut       bool
	Leftover       bool
	Stdout, Stderr []byte
	Dropped        int64 // bytes beyond MaxOutput
	Began          int64 // Unix time in nanoseconds, by the agent's clock
	Took           time.Duration
	NotStarted     string // why, if it did not start
}

// Run is the body of run on a cluster. That a command fails is no error of it.
var Run = parfor.RegisterAs(RunName, run)

// RunName is what agents know it as.
const RunName = "parfor run"

func run(ctx context.Context, c Command) (Outcome, error) {
	cmd := child.Command{Argv: c.Argv, Env: c.Env, Dir: c.Dir, Stdin: c.Stdin, Timeout: c.Timeout, Grace: c.Grace,
		MaxOutput: c.MaxOutput, Beyond: child.Cut, Guard: guard.Load()}
	r, err := child.Run(ctx, &cmd)
	// Output that is cut is in no file: there is nothing to close.
	var start *child.StartError
	switch {
	case errors.As(err, &start):
		return Outcome{Code: start.Code, NotStarted: err.Error()}, nil
	case err != nil:
		return Outcome{}, err
	}
	return Outcome{Code: r.Code, Signal: int(r.Signal), TimedOut: r.TimedOut, Leftover: r.Leftover,
		Stdout: r.Stdout.Head(), Stderr: r.Stderr.Head(), Dropped: r.Stdout.Dropped() + r.Stderr.Dropped(),
		Began: r.Started.UnixNano(), Took: r.Took}, nil
}

// Result is the outcome as of a command that ran here.
func (o *Outcome) Result() child.Result {
	return child.Result{Code: o.Code, Signal: syscall.Signal(o.Signal), TimedOut: o.TimedOut, Leftover: o.Leftover,
		Stdout: child.Kept(o.Stdout), Stderr: child.Kept(o.Stderr), Truncated: o.Dropped > 0,
		Started: time.Unix(0, o.Began), Took: o.Took}
}
