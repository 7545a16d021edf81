package process

import (
	"context"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/wire"
)

// control does what others asked for.
func (o *owner) control() {
	for _, id := range o.inbox.take() {
		if o.told[id] {
			delete(o.told, id)
			o.proc.ctl.send(wire.Close, wire.AppendCancel(nil, id, nil))
		}
	}
	o.answer()
	if err := o.proc.initError(); err != nil {
		o.pool.breakDown(err)
	}
	if o.pool.brokenBy() != nil {
		o.takeBack(func(*share) bool { return true }, -1)
		o.giveBacklog()
	}
	if n := o.pool.cancels.Load(); n != o.cancels {
		o.cancels = n
		o.cancelLoops()
	}
	if o.taken.some.Load() {
		o.sweep()
	}
	if o.steal.Load() && o.steal.Swap(false) {
		o.giveTail()
	}
	for _, d := range o.dooms.take() {
		o.doom(d)
	}
	if f := o.fate.Swap(nil); f != nil {
		o.putDown(f)
		return
	}
	if late := o.late.Swap(nil); late != nil {
		o.stop(late)
	}
}

// answer serves the requests that came from the worker, on goroutines of their
// own, after the commits of what it had finished before.
func (o *owner) answer() {
	calls := o.proc.takeCalls()
	if len(calls) == 0 {
		return
	}
	o.drain()
	for _, c := range calls {
		o.pool.calls.Add(1)
		go o.proc.serve(c, o.pool.calls.Done)
	}
}

// cancelLoops takes back what waits of loops whose context is done, then tells
// the worker: in this order no task of them starts after the message.
func (o *owner) cancelLoops() {
	o.takeBack(func(sh *share) bool { return sh.canceled.Load() }, -1)
	if o.backlog.sh != nil && o.backlog.sh.canceled.Load() {
		o.giveBacklog()
	}
	for _, sh := range o.shares {
		if sh.canceled.Load() && sh.held > 0 && !sh.told {
			sh.told = true
			sh.pinned.Store(true)
			o.told[sh.id] = true
			o.proc.ctl.send(wire.Cancel, wire.AppendCancel(nil, sh.id, errwire.Append(nil, sh.cause())))
		}
	}
}

// cause is why the loop is cancelled.
func (a *attachment) cause() error {
	if a.spec.Ctx.Err() != nil {
		return context.Cause(a.spec.Ctx)
	}
	if err := a.pool.brokenBy(); err != nil {
		return err
	}
	return parfor.ErrCanceled
}
