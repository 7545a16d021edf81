package process

import (
	"fmt"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
)

// auditTime is how long an owner sleeps at most while its worker has tasks. Then it
// looks itself: a body that overwrites the memory, or eats bytes of the pipes, may
// have undone what was to wake it, and the worker may be dead while a process that
// a body has started holds its pipe open.
const auditTime = 100 * time.Millisecond

// audit is what an owner has noticed of a worker that seems to do nothing.
type audit struct {
	last    int64             // when
	waiting uint64            // position + 1 of the oldest request that waited then
	rung    int               // how often the worker went to sleep beside it, and was rung
	since   map[uint64]*spell // by position: tasks that were seen running before
}

// spell is how long a task was seen to run, and to run cancelled.
type spell struct{ running, cancelled time.Duration }

func (a *audit) reset() { *a = audit{} }

// inspect does the audit, if it is time. It comes after a sleep, so that its clock
// costs nothing.
func (o *owner) inspect() {
	if o.held == 0 {
		return
	}
	now := meter.Now()
	since := time.Duration(now - o.audit.last)
	if since < auditTime {
		return
	}
	o.audit.last = now
	if o.proc.dead() {
		o.stage = dying
		return
	}
	o.proc.peak.look(o.proc.pid)
	for _, r := range o.proc.readers {
		r.Release() // says again what was read: a slot may wait for it
	}
	oldest, begun := o.words()
	o.deaf(oldest, len(begun))
	o.overlong(begun, min(since, 2*auditTime))
}

// words looks at what the requests say of themselves. It returns the oldest that
// waits, as position + 1, and those that have begun.
func (o *owner) words() (oldest uint64, begun []uint64) {
	for pos := o.tail; pos < o.head; pos++ {
		if !o.recs[pos%shm.RingSize].live {
			continue
		}
		switch s, _ := o.proc.requests.StateAt(pos); s {
		case shm.Ready:
			if oldest == 0 {
				oldest = pos + 1
			}
		case shm.Started, shm.Handed:
			if len(begun) < o.pool.slots { // more, and their results have just come
				begun = append(begun, pos)
			}
		case shm.Revoked:
			if !o.taken.has(pos) {
				o.flaw = fmt.Errorf("%w: request %d says that it was taken back", shm.ErrCorrupt, pos)
			}
		default:
			o.flaw = fmt.Errorf("%w: request %d is gone", shm.ErrCorrupt, pos)
		}
	}
	for pos := range o.moved {
		begun = append(begun, pos)
	}
	return oldest, begun
}

// deaf rings a worker that has a free slot while a request waits: what was to wake
// it may be lost. One that looks at its ring then, and sleeps again, will never see
// the request. Others are stopped or have not begun to work: those don't say that
// they sleep.
func (o *owner) deaf(oldest uint64, begun int) {
	a := &o.audit
	if oldest == 0 || oldest != a.waiting || begun >= o.pool.slots {
		a.waiting, a.rung = oldest, 0
		return
	}
	if o.proc.mem.Bells.Sleeping.Swap(0) == 0 {
		a.rung = 0
	} else if a.rung++; a.rung > 2 {
		o.flaw = fmt.Errorf("%w: it no longer sees its requests", shm.ErrCorrupt)
	}
	o.proc.ring()
}

// overlongTime is how much later than the supervisor the audit stops a task that
// has no time left. It is for those that the status page hides, which a body may
// have overwritten.
const overlongTime = 2 * time.Second

// overlong stops tasks that should have been stopped long ago.
func (o *owner) overlong(begun []uint64, step time.Duration) {
	seen := make(map[uint64]*spell, len(begun))
	for _, pos := range begun {
		r := o.find(pos)
		s := o.audit.since[pos]
		if r == nil {
			continue
		}
		if s == nil {
			s = &spell{}
		}
		seen[pos] = s
		s.running += step
		spec := r.sh.spec
		if r.sh.canceled.Load() {
			s.cancelled += step
		}
		late := &overdue{pos: pos, grace: spec.Grace}
		switch {
		case spec.Timeout > 0 && s.running > spec.Timeout+spec.Grace+overlongTime:
			late.timeout = &parfor.TimeoutError{Limit: spec.Timeout, Took: s.running, Killed: true, PID: o.proc.pid}
		case s.cancelled > spec.Grace+overlongTime:
			late.cause = r.sh.cause()
		default:
			continue
		}
		o.late.CompareAndSwap(nil, late)
	}
	o.audit.since = seen
}
