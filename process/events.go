package process

import (
	"parfor.dev/parfor/observe"
)

// event tells the observers of every loop on the pool.
func (p *Pool) event(kind observe.Kind, worker, pid int, text string) {
	p.mu.Lock()
	all := make([]*attachment, 0, len(p.jobs))
	for _, a := range p.jobs {
		all = append(all, a)
	}
	p.mu.Unlock()
	for _, a := range all {
		if a.spec.Meter.Watched() {
			a.spec.Meter.Event(observe.Event{Kind: kind, Worker: worker, PID: pid, Index: -1, Text: text})
		}
	}
}

// announceUp tells the observers of a new loop which workers there are.
func (p *Pool) announceUp(a *attachment) {
	if !a.spec.Meter.Watched() {
		return
	}
	for _, o := range p.team() {
		if pid := o.pid.Load(); pid != 0 {
			a.spec.Meter.Event(observe.Event{Kind: observe.WorkerUp, Worker: o.id, PID: int(pid), Index: -1})
		}
	}
}

// PIDs returns the process ids of the workers that run now, for whoever wants
// to look at them, or to kill one and see what happens.
func (p *Pool) PIDs() []int {
	var pids []int
	for _, o := range p.team() {
		if pid := o.pid.Load(); pid != 0 {
			pids = append(pids, int(pid))
		}
	}
	return pids
}
