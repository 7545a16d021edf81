package process

import (
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
)

// worthStealing is how much work must be queued at a worker for another one to
// get part of it: less is done before it has travelled.
const worthStealing = 100 * time.Microsecond

// takeBack revokes the newest requests that no slot has claimed, at most n of
// them (all if n is negative), of shares that fit, and returns them to their
// jobs.
func (o *owner) takeBack(fits func(*share) bool, n int) {
	back := map[*share][]engine.Task{}
	for pos := o.head; pos > o.tail && n != 0; pos-- {
		r := &o.recs[(pos-1)%shm.RingSize]
		if !r.live || !fits(r.sh) || !o.proc.requests.Revoke(pos-1) {
			continue
		}
		r.live = false
		back[r.sh] = append(back[r.sh], r.task)
		o.drop(r)
		n--
	}
	o.settleUp()
	o.retire()
	for sh, ts := range back {
		sh.job.Return(ts)
	}
}

// beg asks the worker with the longest queue for part of it. It reports
// whether there is one.
func (o *owner) beg() bool {
	var rich *owner
	most := int32(o.pool.slots)
	for _, v := range o.pool.team() {
		if n := v.load.Load(); v != o && n > most {
			rich, most = v, n
		}
	}
	if rich == nil {
		return false
	}
	if rich.steal.CompareAndSwap(false, true) {
		rich.signal()
	}
	return true
}

// giveTail gives half of what waits here back to the jobs, for an idle worker.
func (o *owner) giveTail() {
	waiting := 0
	for pos := o.head; pos > o.tail; pos-- {
		if s, _ := o.proc.requests.StateAt(pos - 1); s == shm.Ready {
			waiting++
		} else if s == shm.Started || s == shm.Handed {
			break
		}
	}
	if waiting == 0 || o.work(waiting) < worthStealing {
		return
	}
	o.takeBack(func(sh *share) bool { return !sh.capped || sh.spare.Load() > 0 }, (waiting+1)/2)
	o.gave = true
}

// work estimates how long the waiting tasks will wait.
func (o *owner) work(waiting int) time.Duration {
	sum := time.Duration(0)
	if o.tail < o.head {
		if sh := o.recs[(o.head-1)%shm.RingSize].sh; sh != nil {
			sum = time.Duration(o.cost[sh.body] * float64(waiting) / float64(o.pool.slots))
		}
	}
	longest := time.Duration(0)
	for i := range o.pool.slots {
		if s := o.proc.mem.Status(i); s.Current.Load() != 0 {
			longest = max(longest, time.Duration(meter.Now()-s.StartedAt.Load()))
		}
	}
	return sum + longest
}

// revoke takes one task back for its future. It runs on the caller's
// goroutine: the swap in shared memory needs no owner.
func (o *owner) revoke(loop uint32, t engine.Task) bool {
	o.reach.RLock()
	defer o.reach.RUnlock()
	if o.proc == nil {
		return false
	}
	q := o.proc.requests
	pos, ok := q.Find(loop, int64(t.Index), t.Attempt)
	if !ok || !o.taken.revoke(q, pos) {
		return false
	}
	o.signal()
	return true
}

// queues reports whether the task waits in this worker's ring.
func (o *owner) queues(loop uint32, t engine.Task) bool {
	o.reach.RLock()
	defer o.reach.RUnlock()
	if o.proc == nil {
		return false
	}
	_, ok := o.proc.requests.Find(loop, int64(t.Index), t.Attempt)
	return ok
}
