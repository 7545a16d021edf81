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
	if want == 1 && o.held > 0 && o.patient && o.pool.slots == 1 && o.pool.roomToSpin() && o.spinner.spin(o.arrived) {
		return
	}
	b.Want.Store(uint32(want))
	b.Waiting.Store(1)
	defer b.Waiting.Store(0)
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
	if wait == 0 {
		<-o.wake
		return
	}
	o.timer.Reset(wait)
	select {
	case <-o.wake:
		o.timer.Stop()
	case <-o.timer.C:
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

// want is for how many results the worker should ring. Each ring costs it and
// its owner some microseconds, so short tasks ring seldom.
func (o *owner) want() int {
	if !o.patient || o.pool.slots > 1 {
		return 1
	}
	return max(1, o.held/2)
}
