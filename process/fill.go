package process

import (
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/wire"
)

// queueTime is how much work a worker should have queued: enough to hide the
// way of a refill, little enough to be balanced at the end.
const queueTime = 3 * time.Millisecond

// fill takes tasks from the jobs in turn and puts them into the ring.
func (o *owner) fill() {
	if o.backlog.sh != nil && !o.pushBacklog() {
		return
	}
	got, left := false, true
	for l := (look{}); ; {
		a, wakes, jobs := o.pool.next(&l)
		if a == nil {
			left = jobs > 0
			break
		}
		if o.take(a, wakes, jobs) == 0 {
			continue
		}
		got = true
		o.pool.gave(a)
		l = look{}
		if o.backlog.sh != nil {
			break
		}
	}
	o.loaded()
	if got && (left || o.held > o.pool.slots) {
		o.pool.wakeHungry() // there is work for two: in the jobs, or to be begged of this worker
	}
}

// take pushes a batch of one job. It returns how many tasks the job gave.
func (o *owner) take(a *attachment, wakes uint64, jobs int) int {
	if a.canceled.Load() {
		o.pool.sleepy(a, wakes)
		return 0
	}
	limit := o.limit(a, jobs)
	if limit <= 0 {
		return 0
	}
	sh := o.shares[a]
	if sh == nil {
		sh = &share{attachment: a}
	}
	if limit = o.grant(sh, limit); limit <= 0 {
		return 0
	}
	n, more := a.job.Take(o.ts[:limit])
	if n < limit || !more || a.spec.Inline && a.job.Pending() == 0 {
		o.pool.sleepy(a, wakes)
	}
	if n == 0 {
		o.settleGrants(sh)
		return 0
	}
	o.shares[a] = sh
	if sh.shard == nil {
		sh.shard = a.spec.Meter.Shard(o.id)
		sh.shard.PID(o.proc.pid)
	}
	o.announce(sh)
	for i, t := range o.ts[:n] {
		if !o.push(sh, t) {
			o.backlog.sh, o.backlog.tasks = sh, append(o.backlog.tasks[:0], o.ts[i:n]...)
			break
		}
	}
	o.settleGrants(sh)
	return n
}

// limit is how many tasks to take from a job now: as many as slots are free,
// and beyond that some milliseconds of work, at most doubling, and at most what
// leaves the other workers their part.
func (o *owner) limit(a *attachment, jobs int) int {
	p := o.pool
	free := p.slots - o.held
	want := free
	if c := a.spec.Chunk; c > 0 {
		if o.held <= c/2 || free > 0 {
			want = max(free, c)
		}
	} else if cost := o.cost[a.body]; cost > 0 && !o.alone(a) {
		target := int(float64(p.slots) * float64(queueTime) / cost)
		o.depth = max(p.slots, min(target, 2*max(o.depth, o.held)))
		ahead := o.depth - o.held
		if pending := a.job.Pending(); pending >= 0 {
			ahead = min(ahead, (pending+jobs-1)/(2*int(p.most.Load())))
		}
		if ahead >= o.depth/4 || free > 0 {
			want = max(free, ahead)
		}
	}
	if r := p.restart; r > 0 {
		want = min(want, r-o.served-o.held)
	}
	return min(want, shm.RingSize-int(o.head-o.tail), len(o.ts))
}

// announce tells the worker of a loop that needs more than its body.
func (o *owner) announce(sh *share) {
	if sh.id&announced == 0 || o.told[sh.id] {
		return
	}
	o.told[sh.id] = true
	sh.pinned.Store(true)
	s := sh.spec
	m := wire.Loop{ID: sh.id, Name: s.Name, Timeout: s.Timeout, Serializable: s.Serializable, Journal: s.Journal, Ignores: s.Ignores, Args: wireArgs(s.Args), Values: wireArgs(s.Values)}
	if at, ok := s.Ctx.Deadline(); ok {
		m.Left, m.Limited = time.Until(at), true
	}
	o.proc.ctl.send(wire.Open, wire.AppendLoop(nil, &m))
}

func wireArgs(args []engine.Arg) []wire.Arg {
	as := make([]wire.Arg, len(args))
	for i, a := range args {
		as[i] = wire.Arg(a)
	}
	return as
}
