package process

import (
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
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
	got := false
	for vain := 0; ; {
		a, wakes, jobs := o.pool.next()
		if a == nil || vain >= jobs {
			break
		}
		n := o.take(a, wakes, jobs)
		if n == 0 {
			vain++
			continue
		}
		got, vain = true, 0
		if o.backlog.sh != nil {
			break
		}
	}
	o.load.Store(int32(o.held))
	if got {
		o.pool.wakeHungry() // what woke this worker may be work for two
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
	if n < limit || !more {
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
			ahead = min(ahead, (pending+jobs-1)/(2*len(p.owners)))
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

// alone reports whether queueing ahead would break the cap of the loop.
func (o *owner) alone(a *attachment) bool {
	return a.capped && a.spec.Workers < o.pool.slots
}

// grant reserves a part of the loop's cap for n more tasks and returns for how
// many it got it. A worker with as many grants as slots may hold any number.
func (o *owner) grant(sh *share, n int) int {
	if !sh.capped {
		return n
	}
	for need := min(o.pool.slots, sh.held+n); sh.grants < need; sh.grants++ {
		if sh.spare.Add(-1) < 0 {
			sh.spare.Add(1)
			break
		}
	}
	if sh.grants >= o.pool.slots {
		return n
	}
	return sh.grants - sh.held
}

// settleGrants gives back what the share doesn't need, and wakes whoever may
// have been refused.
func (o *owner) settleGrants(sh *share) {
	if !sh.capped {
		return
	}
	held := sh.held
	if o.backlog.sh == sh {
		held += len(o.backlog.tasks)
	}
	extra := sh.grants - min(o.pool.slots, held)
	if extra > 0 {
		sh.grants -= extra
		sh.spare.Add(int64(extra))
		o.pool.wakeHungry()
	}
}

// announce tells the worker of a loop that needs more than its body.
func (o *owner) announce(sh *share) {
	if sh.id&announced == 0 || o.told[sh.id] {
		return
	}
	o.told[sh.id] = true
	sh.pinned.Store(true)
	s := sh.spec
	m := wire.Loop{ID: sh.id, Name: s.Name, Timeout: s.Timeout, Args: wireArgs(s.Args), Values: wireArgs(s.Values)}
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

// push puts a task into the ring. It reports false if there is no room; the
// encoded item then waits in the backlog.
func (o *owner) push(sh *share, t engine.Task) bool {
	payload, err := sh.job.AppendItem(o.buf[:0], t)
	if err != nil {
		o.refuse(sh, t, err)
		return true
	}
	if cap(payload) <= 1<<20 {
		o.buf = payload
	}
	if !o.put(sh, t, payload) {
		o.backlog.payload, o.backlog.encoded = append([]byte(nil), payload...), true
		return false
	}
	return true
}

func (o *owner) put(sh *share, t engine.Task, payload []byte) bool {
	if o.head-o.tail == shm.RingSize && !o.makeRoom() {
		return false
	}
	r := rec{sh: sh, task: t, size: len(payload), area: -1, live: true}
	start := o.arenaHead
	r.arenaEnd = start
	if len(payload) >= shm.LargeAt {
		if len(o.areas) == 0 {
			return false
		}
		r.area = int32(o.areas[len(o.areas)-1])
	} else {
		start, r.arenaEnd = shm.Space(o.arenaHead, len(payload))
		for r.arenaEnd-o.arenaTail > shm.ArenaSize {
			if !o.makeRoom() {
				return false
			}
		}
	}
	pos := o.head
	at := shm.Task{Index: int64(t.Index), Attempt: t.Attempt, Loop: sh.id, Body: sh.body}
	o.recs[pos%shm.RingSize] = r
	o.head++
	o.held++
	sh.held++
	o.arenaHead = r.arenaEnd
	if err := o.proc.requests.Put(pos, at, payload, start, int(r.area)); err != nil {
		o.head--
		o.held--
		sh.held--
		o.recs[pos%shm.RingSize].live = false
		o.refuse(sh, t, err)
		return true
	}
	if r.area >= 0 {
		o.areas = o.areas[:len(o.areas)-1]
	}
	if b := o.proc.mem.Bells; b.Sleeping.Load() != 0 && b.Sleeping.Swap(0) != 0 {
		o.proc.ring()
	}
	return true
}

// refuse fails a task whose item can't travel.
func (o *owner) refuse(sh *share, t engine.Task, err error) {
	o.outcome = engine.Outcome{Err: err, Worker: o.id, PID: o.proc.pid, Start: meter.Now()}
	o.count(sh, &o.outcome, t)
	sh.job.Finish(t, &o.outcome)
}

// pushBacklog goes on where the ring was full.
func (o *owner) pushBacklog() bool {
	b := &o.backlog
	for len(b.tasks) > 0 {
		t := b.tasks[0]
		if b.encoded {
			if !o.put(b.sh, t, b.payload) {
				return false
			}
			b.encoded, b.payload = false, nil
		} else if !o.push(b.sh, t) {
			return false
		}
		b.tasks = b.tasks[1:]
	}
	sh := b.sh
	b.sh = nil
	o.settleGrants(sh)
	return true
}

// giveBacklog returns what the ring had no room for.
func (o *owner) giveBacklog() {
	b := &o.backlog
	if b.sh == nil {
		return
	}
	sh, ts := b.sh, b.tasks
	o.backlog = backlog{}
	o.settleGrants(sh)
	o.forget(sh)
	sh.job.Return(ts)
}

// makeRoom frees the places of tasks at the ring's tail that a slot has copied.
func (o *owner) makeRoom() bool {
	o.retire()
	moved := false
	for o.tail < o.head {
		r := &o.recs[o.tail%shm.RingSize]
		if r.live {
			if s, _ := o.proc.requests.StateAt(o.tail); s != shm.Handed {
				break
			}
			o.moved[o.tail] = *r
			r.live = false
		}
		o.arenaTail = r.arenaEnd
		o.tail++
		moved = true
	}
	return moved
}
