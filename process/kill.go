package process

import (
	"cmp"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/shm"
)

// overdue is a task that did not end in time.
type overdue struct {
	pos     uint64
	grace   time.Duration
	timeout *parfor.TimeoutError // or:
	cause   error                // of its loop's end, or:
	fate    *fate                // of its worker
}

// dumpTime is how long a worker that is to be killed may take to say where its
// goroutines are.
const dumpTime = time.Second

// stop kills the worker of an overdue task: first what waits is given back,
// then its mates in the process may finish within the grace, then the worker is
// asked for its stacks, then killed with its children. The task's own result,
// if it comes before the end, counts.
func (o *owner) stop(late *overdue) {
	if !o.overran(late) {
		return
	}
	o.withdraw()
	o.giveBacklog()
	o.takeBack(func(*share) bool { return true }, -1)
	o.await(late.grace, func() bool { return o.held <= 1 || !o.overran(late) })
	if !o.overran(late) || o.proc.ended.Load() {
		return
	}
	askDump(o.proc.pid)
	o.await(dumpTime, func() bool { return o.proc.ended.Load() || o.proc.dump() != nil })
	o.proc.kill()
	o.proc.fate = cmp.Or(late.fate, outOfTime)
	o.stage = dying
	o.condemnAll(late)
}

// condemnAll gives every task that has overrun its own verdict: of a process's
// bodies, many may hang at once.
func (o *owner) condemnAll(first *overdue) {
	for i := range o.dues {
		if late := o.dues[i].Swap(nil); late != nil {
			o.condemn(late)
		}
	}
	o.condemn(first)
	for _, d := range o.dooms.take() {
		o.doom(d)
	}
}

// overran reports whether the task still runs.
func (o *owner) overran(late *overdue) bool {
	o.drain()
	return o.corrupt == nil && o.find(late.pos) != nil
}

func (o *owner) find(pos uint64) *rec {
	if r := &o.recs[pos%shm.RingSize]; pos >= o.tail && pos < o.head && r.live {
		return r
	}
	if r, ok := o.moved[pos]; ok {
		return &r
	}
	return nil
}

// condemn decides what a task fails with, if it doesn't end before its process.
func (o *owner) condemn(late *overdue) {
	if late.fate != nil || o.find(late.pos) == nil {
		return
	}
	verdict := late.cause
	if late.timeout != nil {
		late.timeout.Stack = o.proc.dump()
		verdict = late.timeout
	}
	if m, ok := o.moved[late.pos]; ok {
		m.verdict = verdict
		o.moved[late.pos] = m
		return
	}
	o.recs[late.pos%shm.RingSize].verdict = verdict
}

// await drains results until done, or for as long as limit.
func (o *owner) await(limit time.Duration, done func() bool) {
	end := time.NewTimer(limit)
	defer end.Stop()
	b := o.proc.mem.Bells
	defer b.Waiting.Store(0)
	for {
		b.Want.Store(1)
		b.Waiting.Store(1)
		o.drain()
		if done() || o.killed.Load() || o.corrupt != nil || o.fate.Load() != nil {
			return
		}
		select {
		case <-o.wake:
		case <-end.C:
			return
		}
	}
}
