package process

import "parfor.dev/parfor/internal/engine"

// A task that comes alone, from a goroutine that then waits for its result, would
// cost two wake-ups in this process: of the owner for the task, of the goroutine
// for the result. Each has the scheduler look for another processor, which is the
// worker's. So the goroutine does itself, as a guest, what the owner would: the
// owner sleeps on, and its lock says who does its work.

// Values of Bells.Waiting.
const (
	awake    = 0 // somebody looks for results
	asleep   = 1 // ring
	attended = 2 // ring if nobody has looked for a result for courtesyTime
)

// courtesyTime is how long a guest needs, in nanoseconds, from handing a task
// over to looking for its result.
const courtesyTime = 5_000

// Offer says that Take may find something again, and hands it to a worker whose
// owner sleeps.
func (a *attachment) Offer() {
	if !a.stir() {
		return
	}
	if o := a.pool.choose(); o != nil && !(a.pool.slots == 1 && o.serveGuest(a)) {
		o.signal()
	}
}

// Assist looks for the result of the task that was handed over last.
func (a *attachment) Assist() {
	if o := a.host.Load(); o != nil {
		o.lookOut(a)
	}
}

var _ engine.Host = (*attachment)(nil)

// serveGuest hands one task of the job to the worker, on the caller's goroutine.
// It reports false if the owner should do that.
func (o *owner) serveGuest(a *attachment) bool {
	if !o.drive.TryLock() {
		return false
	}
	defer o.drive.Unlock()
	if o.stage != serving || o.held > 0 || o.backlog.sh != nil || len(o.wake) > 0 || !o.fit() {
		return false
	}
	wakes, only := o.pool.only(a)
	if !only || o.take(a, wakes, 1) == 0 {
		return false
	}
	o.loaded()
	if o.held == 0 || o.backlog.sh != nil {
		return false
	}
	a.host.Store(o)
	o.idleSince = 0
	o.timer.Reset(auditTime) // the owner fell asleep without a task
	if o.spins() {
		o.proc.mem.Bells.Waiting.CompareAndSwap(asleep, attended)
	}
	return true
}

// fit reports whether nothing but tasks is left to the owner.
func (o *owner) fit() bool {
	return o.corrupt == nil && o.flaw == nil && !o.killed.Load() && !o.quit.Load() && !o.proc.ended.Load() && !o.surplus() && !o.worn()
}

// lookOut spins for the result of the one task that the worker has, and settles
// it.
func (o *owner) lookOut(a *attachment) {
	if !o.drive.TryLock() {
		return
	}
	defer o.drive.Unlock()
	if o.stage != serving || o.held != 1 || o.shares[a] == nil || !o.spins() || !o.fit() {
		return
	}
	b := o.proc.mem.Bells
	b.Waiting.Store(awake)
	if o.spinner.spin(o.arrived) {
		o.drain()
	}
	if o.held == 0 {
		o.hungry.Store(true)
	}
	b.Want.Store(1)
	b.Waiting.Store(asleep)
	// The second look, as who falls asleep has it, is for results and for tasks.
	if o.corrupt != nil || o.proc.unread() > 0 || o.held == 0 && o.pool.offers() {
		o.signal()
	}
}

// spins reports whether to look for the results of a lone task.
func (o *owner) spins() bool { return o.patient && o.pool.slots == 1 && o.pool.roomToSpin() }

// only reports whether the job is the only one that may have tasks, and how often
// it was woken.
func (p *Pool) only(a *attachment) (wakes uint64, only bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return a.wakes, p.broken == nil && len(p.turn) == 1 && p.turn[0] == a
}

// offers reports whether a job may have tasks.
func (p *Pool) offers() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.turn) > 0
}
