package process

import (
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
)

// standing is what others may expect of a worker. Its owner sets it, but for
// the step from away to coming, which is the recruiter's.
type standing int32

const (
	coming standing = iota // a process starts: soon it has room for tasks
	open                   // takes tasks
	shut                   // takes none, and will end
	away                   // absent: it may be called
)

// retires reports whether the worker takes no more tasks: it has run enough, for
// long enough, or has grown too much, or the pool has become smaller. What waits
// in it then is others' to run.
func (o *owner) retires() bool {
	surplus := o.surplus()
	if !surplus && !o.worn() {
		if standing(o.standing.Load()) != open {
			o.standing.Store(int32(open))
		}
		return false
	}
	if surplus || o.proc.term.over.Load() {
		o.stepAside()
	} else {
		o.withdraw() // what it holds it has still to run
	}
	return true
}

// stepAside is for a worker that takes no more tasks while others do: what waits
// in it is theirs.
func (o *owner) stepAside() {
	o.withdraw()
	if o.held > 0 {
		o.takeBack(func(*share) bool { return true }, -1)
	}
	o.giveBacklog()
}

// surplus reports whether the pool has become too small for the worker.
func (o *owner) surplus() bool { return int64(o.id) >= o.pool.most.Load() }

// withdraw says that the worker takes no tasks any more. Somebody may have just
// woken it for one, or counted on its room, so others are told to look, once.
func (o *owner) withdraw() {
	o.hungry.Store(false)
	if standing(o.standing.Swap(int32(shut))) != shut {
		o.pool.wakeHungry()
	}
}

// idled reports whether a worker that need not stay has had nothing to do for
// too long. A last look, once it is no more among those that can be woken,
// finds the task that came in this moment.
func (o *owner) idled() bool {
	if o.held > 0 || o.backlog.sh != nil || o.pool.keeps(o.id) {
		o.idleSince = 0
		return false
	}
	if o.idleSince == 0 {
		o.idleSince = meter.Now()
	}
	if o.patience() > 0 || !o.hungry.CompareAndSwap(true, false) {
		return false
	}
	o.fill()
	if o.held == 0 && o.backlog.sh == nil {
		o.idleSince = 0
		return true
	}
	o.signal() // to say in a further round that there is still room
	return false
}

// patience is for how long an idle worker stays on.
func (o *owner) patience() time.Duration {
	return o.pool.stay - time.Duration(meter.Now()-o.idleSince)
}

// hibernate is how long to sleep with nothing to do, 0 if for ever.
func (o *owner) hibernate() (wait time.Duration) {
	if o.proc.mem.Keeps() {
		wait = keepTime
	}
	if o.idleSince != 0 {
		if left := max(o.patience(), time.Millisecond); wait == 0 || left < wait {
			wait = left
		}
	}
	return wait
}

// stuckTime is how long a queue may stand still before others are called to
// help with it: a start takes as long.
const stuckTime = 10 * time.Millisecond

// call has workers started for what waits here behind tasks that took longer
// than was thought.
func (o *owner) call() {
	n := 0
	for _, sh := range o.shares {
		if !sh.capped {
			n += sh.held
		} else {
			n += min(sh.held, int(max(0, sh.spare.Load())))
		}
	}
	o.stuck.Store(int32(min(n, o.held-o.pool.slots)))
	o.pool.recruiter.signal()
}

// rest is for a worker that nobody needs: it has no process, and no books.
func (o *owner) rest() {
	p := o.pool
	o.recs, o.ts, o.buf = nil, nil, nil
	p.mu.Lock()
	o.standing.Store(int32(away))
	p.vacant.Store(true)
	p.mu.Unlock()
	p.recruiter.signal() // for the task that came meanwhile
	for standing(o.standing.Load()) == away {
		if o.quit.Load() || p.brokenBy() != nil {
			o.stage = gone
			return
		}
		<-o.wake
	}
	o.stage = starting
}

// books makes room for what a worker can hold.
func (o *owner) books() {
	if o.recs == nil {
		o.recs, o.ts = new([shm.RingSize]rec), make([]engine.Task, shm.RingSize)
	}
}

// after is the stage that follows one without a process.
func (o *owner) after() stage {
	switch {
	case o.quit.Load() || o.killed.Load() || o.pool.brokenBy() != nil:
		return gone
	case o.pool.keeps(o.id):
		return starting
	}
	return absent
}
