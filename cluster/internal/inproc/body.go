package inproc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/task"
)

var errLate = fmt.Errorf("%w: %w", parfor.ErrTaskTimeout, context.DeadlineExceeded)

// call runs a body, on a goroutine of its own, for it may end that.
func (a *attachment) call(slot int, t engine.Task) *engine.Outcome {
	o := &engine.Outcome{Worker: slot, PID: os.Getpid(), Start: meter.Now()}
	head, tail, err := a.job.AppendItem(nil, t)
	if err != nil {
		o.Err = err
		return o
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.body(t, append(head, tail...), o)
	}()
	<-done
	o.Took = time.Duration(meter.Now() - o.Start)
	var te *parfor.TimeoutError
	if errors.As(o.Err, &te) {
		te.Took = o.Took
	}
	return o
}

// body calls the body and decides the attempt: what it submitted is part of it,
// and a result after its time is late.
func (a *attachment) body(t engine.Task, in []byte, o *engine.Outcome) {
	s := a.job.Spec()
	c := &task.Ctx{Context: a.loop.ctx, Attempt: task.Attempt{Index: t.Index, Number: int(t.Attempt), Worker: o.Worker, Loop: &a.loop.shared}}
	stop := context.CancelFunc(func() {})
	if s.Timeout > 0 {
		c.Context, stop = context.WithTimeoutCause(a.loop.ctx, s.Timeout, errLate)
	}
	c.Own()
	if len(s.Journal) > 0 { // the item's key comes first
		c.Note = &task.Note{Key: [16]byte(in)}
		in = in[16:]
	}
	var out []byte
	err := parfor.ErrGoexit
	defer func() {
		if v := recover(); v != nil {
			err = &parfor.PanicError{Value: v, Stack: debug.Stack()}
		}
		c.Join()
		late := s.Timeout > 0 && errors.Is(context.Cause(c), errLate)
		stop()
		c.Seal()
		c.End()
		if late {
			err = &parfor.TimeoutError{Limit: s.Timeout}
		}
		if err == nil && a.loop.shared.Group != nil {
			out, err = c.AppendAdded(out)
		}
		if o.Err = err; err == nil {
			o.Out = out
		}
	}()
	var more []byte
	out, more, err = s.Body.Run(c, in, nil)
	out = append(out, more...)
}
