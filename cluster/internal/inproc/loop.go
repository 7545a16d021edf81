package inproc

import (
	"context"
	"errors"
	"sync"

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

	mu      sync.Mutex
	values  map[string]any
	encoded map[string][]byte
}

func newLoop(s *engine.Spec) *loop {
	l := &loop{values: map[string]any{}, encoded: map[string][]byte{}}
	l.ctx, l.cancel = context.WithCancel(s.Ctx)
	for _, v := range s.Values {
		if task.Restore == nil {
			break
		}
		ctx, err := task.Restore(l.ctx, v.Name, v.Encoded)
		if err != nil {
			l.err = err
			break
		}
		l.ctx = ctx
	}
	for _, a := range s.Args {
		l.encoded[a.Name] = a.Encoded
	}
	l.shared = task.Loop{Name: s.Name, Arg: l.arg, Keep: l.keep, Serializable: s.Serializable, Journal: s.Journal, Ignores: s.Ignores}
	l.shared.Through(l.encoded)
	l.shared.Apart = errApart
	if items, ok := l.encoded[task.GroupArg]; ok {
		l.shared.Group = string(items)
	}
	return l
}

func (l *loop) end() { l.cancel() }

func (l *loop) arg(name string) (any, []byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.values[name]; ok {
		return v, nil, true
	}
	b, ok := l.encoded[name]
	return nil, b, ok
}

func (l *loop) keep(name string, v any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.values[name] = v
}
