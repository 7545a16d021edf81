package process

import (
	"time"
)

// keepTime is how long a worker with nothing to do keeps the memory of large
// payloads.
const keepTime = 100 * time.Millisecond

// park blocks until there is something to do.
func (o *owner) park() {
	b := o.proc.mem.Bells
	want := o.want()
	if want == 1 && o.held > 0 && o.spins() && o.spinner.spin(o.arrived) {
		select {
		case <-o.wake: // else the next look would end for it, and all that follow
			o.inspect()
		default:
		}
		return
	}
	b.Want.Store(uint32(want))
	b.Waiting.Store(asleep)
	defer b.Waiting.Store(awake)
	if n := o.proc.unread(); n >= want || n > 0 && (b.Sleeping.Load() != 0 || b.Urgent.Load() != 0) {
		return
	}
	wait := time.Duration(0)
	switch {
	case want > 1 || o.backlog.sh != nil:
		wait = time.Millisecond
	case o.held < o.pool.slots && standing(o.standing.Load()) == open && o.beg():
		wait = time.Millisecond
	case o.held == 0:
		wait = o.hibernate()
	case o.held > o.pool.slots && o.pool.vacant.Load():
		wait = stuckTime
	case o.held > 0:
		wait = auditTime
	}
	if !o.sleep(wait) {
		switch {
		case want > 1 && o.proc.unread() == 0:
			o.patient = false
		case o.held == 0 && wait == keepTime:
			o.proc.mem.FreeKept()
		case wait == stuckTime && o.proc.unread() == 0:
			o.call()
		}
	}
	o.inspect()
}

// sleep blocks until somebody signals, or for that long if it isn't 0, and reports
// which. Meanwhile guests may do the owner's work.
func (o *owner) sleep(limit time.Duration) (woken bool) {
	if limit > 0 {
		o.timer.Reset(limit)
	}
	o.drive.Unlock()
	defer o.drive.Lock()
	select {
	case <-o.wake:
		o.timer.Stop()
		return true
	case <-o.timer.C:
		return false
	}
}

// want is for how many results the worker should ring. Each ring costs it and
// its owner some microseconds, so short tasks ring seldom.
func (o *owner) want() int {
	if !o.patient || o.pool.slots > 1 {
		return 1
	}
	return max(1, o.held/2)
}
