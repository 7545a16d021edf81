package parfor_test

import (
	"context"
	"sync"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/task"
)

// loopback is a remote executor in this process: everything is encoded and
// decoded as for a worker, and bodies are found by what was registered.
type loopback struct {
	wg       sync.WaitGroup
	attached func(*engine.Spec)
}

func (x *loopback) Close() error { x.wg.Wait(); return nil }

func (x *loopback) Seal(engine.Key) engine.Engine {
	return engine.Engine{Kind: "loopback", Remote: x}
}

func (x *loopback) Check(*engine.Spec) error { return nil }
func (x *loopback) Slots() int               { return 2 }

func (x *loopback) Attach(j engine.Job) (engine.Handle, error) {
	if x.attached != nil {
		x.attached(j.Spec())
	}
	h := &loopbackHandle{wake: make(chan struct{}, 1), gone: make(chan struct{})}
	x.wg.Go(func() { x.run(j, h) })
	return h, nil
}

type loopbackHandle struct {
	wake, gone chan struct{}
	once       sync.Once
}

func (h *loopbackHandle) Wake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}
func (h *loopbackHandle) Revoke(engine.Task) bool  { return false }
func (h *loopbackHandle) Kill(engine.Task, error)  {}
func (h *loopbackHandle) Running(engine.Task) bool { return true }
func (h *loopbackHandle) Detach()                  { h.once.Do(func() { close(h.gone) }) }

func (x *loopback) run(j engine.Job, h *loopbackHandle) {
	var ts [1]engine.Task
	loop := receivedArgs(j.Spec().Args)
	for {
		n, more := j.Take(ts[:])
		switch {
		case n > 0:
			x.one(j, ts[0], loop)
		case !more:
			<-h.gone
			return
		default:
			select {
			case <-h.wake:
			case <-h.gone:
				return
			}
		}
	}
}

// receivedArgs is what a worker makes of a loop's arguments.
func receivedArgs(args []engine.Arg) *task.Loop {
	decoded := map[string]any{}
	return &task.Loop{
		Arg: func(name string) (any, []byte, bool) {
			for _, a := range args {
				if a.Name == name {
					return decoded[name], a.Encoded, true
				}
			}
			return nil, nil, false
		},
		Keep: func(name string, v any) { decoded[name] = v },
	}
}

func (x *loopback) one(j engine.Job, t engine.Task, loop *task.Loop) {
	var o engine.Outcome
	in, tail, err := j.AppendItem(nil, t)
	in = append(in, tail...)
	ctx := context.Background()
	for _, v := range j.Spec().Values {
		if err == nil {
			ctx, err = task.Restore(ctx, v.Name, v.Encoded)
		}
	}
	if err == nil {
		tc := &task.Ctx{Context: ctx, Attempt: task.Attempt{Index: t.Index, Number: int(t.Attempt), Loop: loop}}
		o.Out, err = x.call(j, tc, in)
		tc.End()
	}
	o.Err = errwire.Decode(errwire.Append(nil, err))
	j.Settle(t, &o)
	j.Finish(t, &o)
}

func (x *loopback) call(j engine.Job, ctx context.Context, in []byte) (out []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &parfor.PanicError{Value: v, Stack: []byte("stack")}
		}
	}()
	out, tail, err := j.Spec().Body.Run(ctx, in, nil)
	return append(out, tail...), err
}
