package process

import (
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/engine"
)

// dooms are tasks that somebody wants to be killed, one by one.
type dooms struct {
	some atomic.Bool
	mu   sync.Mutex
	list []doom
}

type doom struct {
	at    *attachment
	task  engine.Task
	cause error
}

func (d *dooms) add(x doom) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, x)
	d.some.Store(true)
}

func (d *dooms) take() []doom {
	if !d.some.Swap(false) {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.list
	d.list = nil
	return list
}

// Kill has the worker killed that runs the task.
func (a *attachment) Kill(t engine.Task, cause error) {
	for _, o := range a.pool.team() {
		if o.pid.Load() != 0 {
			o.dooms.add(doom{a, t, cause})
			o.signal()
		}
	}
}

// doom stops a task that runs here, if it does. If the process is dying anyway
// the task fails with what it was doomed for.
func (o *owner) doom(d doom) {
	o.drain()
	for slot := range o.pool.slots {
		pos := o.proc.mem.Status(slot).Current.Load()
		if pos == 0 {
			continue
		}
		if r := o.find(pos - 1); r != nil && r.sh.attachment == d.at && r.task == d.task {
			late := &overdue{pos: pos - 1, slot: slot, grace: d.at.spec.Grace, cause: d.cause}
			if o.stage == dying {
				o.condemn(late)
			} else {
				o.stop(late)
			}
			return
		}
	}
}
