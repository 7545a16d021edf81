package inproc

import (
	"context"
	"errors"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

// errApart is what an operation on a dictionary is here: this process has its own
// dictionaries, and those of the loop's owner are others.
var errApart = errors.New("parfor: this agent runs tasks on goroutines, where the dictionaries of the loop's program don't reach them: start it with Processes")

// loop is what the tasks of a loop share.
type loop struct {
	ctx    context.Context
	cancel context.CancelFunc
	shared task.Loop
	err    error // a propagated value that can't be restored
}

func newLoop(s *engine.Spec) *loop {
	l := &loop{}
	l.ctx, l.cancel = context.WithCancel(s.Ctx)
	l.ctx, l.err = task.Restored(l.ctx, s.Values)
	l.shared = task.Loop{Name: s.Name, Serializable: s.Serializable, Journal: s.Journal, Ignores: s.Ignores}
	task.Give(&l.shared, s.Args)
	l.shared.Apart = errApart
	return l
}

func (l *loop) end() { l.cancel() }
