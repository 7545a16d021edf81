package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/task"
)

var errLate = fmt.Errorf("%w: %w", parfor.ErrTaskTimeout, context.DeadlineExceeded)

// attempt is one call of a body in this worker.
type attempt struct {
	*slot
	task    shm.Task
	pos     uint64
	start   int64
	release func(kept bool) // of a large request
	kept    bool            // the request's memory, by the item
	ctx     *task.Ctx
	cancel  context.CancelFunc // of the attempt's timeout
}

// run calls the body and publishes how it ended. It doesn't return if the body
// called runtime.Goexit; then the slot goes on on another goroutine.
func (a *attempt) run(in []byte) {
	if int(a.task.Body) >= len(a.bodies) {
		a.finish(nil, nil, nil, fmt.Errorf("parfor: the worker has no body number %d", a.task.Body), false)
		return
	}
	a.ctx, a.cancel = a.context(a.task, a.pos)
	if a.ctx != a.shared {
		a.ctx.Own()
	}
	if len(a.loop.shared.Journal) > 0 { // the item's key comes first
		a.ctx.Note = &task.Note{Key: [16]byte(in)}
		in = in[16:]
	}
	if a.release != nil {
		a.ctx.Kept = &a.kept
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			a.settle(nil, nil, &parfor.PanicError{Value: v, Stack: trimStack(debug.Stack())})
			return
		}
		a.settle(nil, nil, parfor.ErrGoexit)
		go a.slot.run()
	}()
	out, tail, err := a.bodies[a.task.Body].Run(a.ctx, in, a.out.Scratch())
	returned = true
	a.settle(out, tail, err)
}

// settle decides the attempt: what its body submitted is part of it, a result
// after its time is late, and only a success has writes.
func (a *attempt) settle(out, tail []byte, err error) {
	a.ctx.Kept = nil
	a.ctx.Join()
	late := a.cancel != nil && errors.Is(context.Cause(a.ctx), errLate)
	if a.cancel != nil {
		a.cancel()
	}
	var tx task.Tx
	if a.ctx != a.shared {
		tx = a.ctx.Seal()
		a.ctx.End()
	}
	if late {
		took := time.Duration(meter.Now() - a.start)
		out, tail, err = nil, nil, &parfor.TimeoutError{Limit: a.loop.timeout, Took: took}
	}
	if err == nil && a.loop.shared.Group != nil {
		out, err = a.ctx.AppendAdded(append(out, tail...))
		tail = nil
	}
	a.writes = a.writes[:0]
	observed := false
	if tx != nil {
		observed = tx.Observed()
		if err == nil {
			if a.writes, err = tx.Append(a.writes); err != nil {
				a.writes = a.writes[:0]
			}
		}
		if err != nil && mutant.Is("leaked") {
			a.writes, _ = tx.Append(a.writes)
		} else if err != nil {
			a.writes = tx.AppendObserved(a.writes)
		} else {
			tx.Undecide(a.number, a.out.Published()+1)
		}
	}
	a.finish(out, tail, a.writes, err, late)
	if tx != nil {
		tx.Release()
	}
	if observed && a.mem.Bells.Careful.Load() != 0 {
		a.verdict()
	}
}

// finish publishes the result, and rings if the pool waits for it.
func (a *attempt) finish(out, tail, writes []byte, err error, late bool) {
	if a.release != nil {
		a.release(a.kept)
	}
	end := meter.Now()
	a.now = end
	res := shm.Result{Pos: a.pos, Start: a.start, Took: end - a.start, Late: late, Out: out, Tail: tail, Writes: writes}
	if err == nil {
		err = a.out.Put(&res, a.wait)
		if err == nil {
			a.announce()
			return
		}
		res.Tail, res.Writes = nil, nil // what there was no room for
	}
	a.fail = errwire.Append(a.fail[:0], err)
	res.Failed, res.Out = true, a.fail
	if err := a.out.Put(&res, a.wait); err != nil {
		fail("%v", err)
	}
	if cap(a.fail) > 1<<20 {
		a.fail = nil
	}
	a.announce()
}

func (a *attempt) announce() {
	b := a.mem.Bells
	if b.Waiting.Load() == asleep && a.out.Unread() >= uint64(b.Want.Load()) {
		a.bell()
	}
}

// trimStack cuts what lies between the recovery and the panic: the first frame
// shown is where it happened.
func trimStack(stack []byte) []byte {
	first, rest, ok := bytes.Cut(stack, []byte("\n"))
	if !ok {
		return stack
	}
	if _, at, ok := bytes.Cut(rest, []byte("\npanic(")); ok {
		if _, below, ok := bytes.Cut(at, []byte("\n\t")); ok {
			if _, frames, ok := bytes.Cut(below, []byte("\n")); ok {
				return append(append(bytes.Clone(first), '\n'), frames...)
			}
		}
	}
	return stack
}
