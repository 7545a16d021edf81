package process

import (
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
)

// push puts a task into the ring. It reports false if there is no room; the
// encoded item then waits in the backlog.
func (o *owner) push(sh *share, t engine.Task) bool {
	payload, tail, err := sh.job.AppendItem(o.buf[:0], t)
	if err != nil {
		o.refuse(sh, t, err)
		return true
	}
	if cap(payload) <= 1<<20 {
		o.buf = payload
	}
	if o.put(sh, t, payload, tail) {
		return true
	}
	if tail == nil { // else it is as quickly made again
		o.backlog.payload, o.backlog.encoded = append([]byte(nil), payload...), true
	}
	return false
}

func (o *owner) put(sh *share, t engine.Task, payload, tail []byte) bool {
	if o.head-o.tail == shm.RingSize && !o.makeRoom() {
		return false
	}
	size := len(payload) + len(tail)
	r := rec{sh: sh, task: t, size: size, area: -1, live: true}
	start := o.arenaHead
	r.arenaEnd = start
	if size >= shm.LargeAt {
		if len(o.areas) == 0 {
			return false
		}
		r.area = int32(o.areas[len(o.areas)-1])
	} else {
		start, r.arenaEnd = shm.Space(o.arenaHead, size)
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
	if err := o.proc.requests.Put(pos, at, payload, tail, start, int(r.area)); err != nil {
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
	o.close(sh, t, &o.outcome)
}

// pushBacklog goes on where the ring was full.
func (o *owner) pushBacklog() bool {
	b := &o.backlog
	for len(b.tasks) > 0 {
		t := b.tasks[0]
		if b.encoded {
			if !o.put(b.sh, t, b.payload, nil) {
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
