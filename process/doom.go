package process

import (
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/shm"
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
	for pos := o.tail; pos < o.head; pos++ {
		r := &o.recs[pos%shm.RingSize]
		if !r.live || r.sh.attachment != d.at || r.task != d.task {
			continue
		}
		if s, _ := o.proc.requests.StateAt(pos); s != shm.Ready && s != shm.Revoked {
			o.execute(&overdue{pos: pos, grace: d.at.spec.Grace, cause: d.cause})
		}
		return
	}
	for pos, r := range o.moved {
		if r.sh.attachment == d.at && r.task == d.task {
			o.execute(&overdue{pos: pos, grace: d.at.spec.Grace, cause: d.cause})
			return
		}
	}
}

// execute kills the worker of a task. One that is dying already kills it too,
// and only what the task failed with is to be said.
func (o *owner) execute(late *overdue) {
	if o.stage == dying {
		o.condemn(late)
	} else {
		o.stop(late)
	}
}
