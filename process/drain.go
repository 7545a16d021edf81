package process

import (
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/failure"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// shortTask is below what results are worth waiting for company.
const shortTask = 50 * time.Microsecond

// drain reads the results that are there, and gives them to their jobs.
func (o *owner) drain() {
	for _, r := range o.proc.readers {
		n := r.Unread()
		if n == 0 {
			continue
		}
		for ; n > 0 && o.corrupt == nil; n-- {
			ok, err := r.Next(&o.res)
			if err == nil && !ok {
				break // the count was overwritten meanwhile
			}
			if err == nil {
				err = o.finish(&o.res)
			}
			if err != nil {
				o.corrupt = err
			}
		}
		r.Release()
	}
	o.settleUp()
}

// settleUp does once a batch what needs not be done for each result.
func (o *owner) settleUp() {
	if len(o.touched) == 0 {
		return
	}
	o.load.Store(int32(o.held)) // before others get the grants: see recruiter
	for _, sh := range o.touched {
		sh.touched = false
		if sh.ok|sh.failed|sh.retried != 0 {
			sh.shard.Count(sh.ok, sh.failed, sh.retried, sh.busy)
			sh.ok, sh.failed, sh.retried, sh.busy = 0, 0, 0, 0
		}
		o.settleGrants(sh)
		o.forget(sh)
	}
	o.touched = o.touched[:0]
	o.retire()
	o.loaded()
	if o.strikes != 0 {
		o.strikes = 0
	}
	if o.stuck.Load() != 0 {
		o.stuck.Store(0)
	}
}

// forget drops a share that holds nothing.
func (o *owner) forget(sh *share) {
	if sh.held == 0 && o.backlog.sh != sh {
		delete(o.shares, sh.attachment)
	}
}

// finish settles one result.
func (o *owner) finish(res *shm.Result) error {
	r := &o.recs[res.Pos%shm.RingSize]
	var rc rec
	if res.Pos >= o.tail && res.Pos < o.head && r.live {
		rc = *r
		r.live = false
	} else if m, ok := o.moved[res.Pos]; ok {
		rc = m
		delete(o.moved, res.Pos)
	} else {
		return fmt.Errorf("%w: a result for request %d, which is not open", shm.ErrCorrupt, res.Pos)
	}
	sh := rc.sh
	o.drop(&rc)
	o.served++
	x := &o.outcome
	*x = engine.Outcome{Worker: o.id, PID: o.proc.pid, Start: res.Start, Took: time.Duration(res.Took),
		Claims: task.ClaimantOf(o.proc.mem.Identity().Life, res.Pos+1), Writes: res.Writes}
	if res.Failed {
		x.Err = errwire.Decode(res.Out)
	} else {
		x.Out, x.Kept = res.Out, res.Kept
	}
	c := &o.cost[sh.body]
	if *c == 0 {
		*c = float64(max(res.Took, 50))
	} else {
		*c += (float64(max(res.Took, 50)) - *c) / 8
	}
	o.patient = *c < float64(shortTask)
	o.close(sh, rc.task, x)
	return nil
}

// close ends an attempt: it is decided, counted, then reported, which may end
// the loop and its meter.
func (o *owner) close(sh *share, t engine.Task, x *engine.Outcome) {
	sh.job.Settle(t, x)
	o.care(x)
	o.count(sh, x, t)
	sh.job.Finish(t, x)
}

// careful is for how many commits without a conflict workers are careful after
// one.
const careful = 1000

// care has the workers be careful for a while when a task conflicted: those
// that may conflict then wait for their verdicts, so that what a task reads is
// seldom out of date when it commits.
func (o *owner) care(x *engine.Outcome) {
	p := o.pool
	if x.Err != nil && conflicted(x.Err) {
		p.care.Store(careful)
	} else if p.care.Load() > 0 && x.Commit != 0 {
		p.care.Add(-1)
	}
	want := uint32(0)
	if p.care.Load() > 0 {
		want = 1
	}
	if b := o.proc.mem.Bells; b.Careful.Load() != want {
		b.Careful.Store(want)
	}
}

// conflicted is apart, so that only a failure costs the allocation.
func conflicted(err error) bool {
	var c *task.Conflict
	return errors.As(err, &c)
}

// drop takes a task off the books.
func (o *owner) drop(rc *rec) {
	o.held--
	rc.sh.held--
	o.touch(rc.sh)
	if rc.area >= 0 {
		o.proc.requests.FreeArea(int(rc.area), uint64(rc.size))
		o.areas = append(o.areas, int(rc.area))
	}
}

func (o *owner) touch(sh *share) {
	if !sh.touched {
		sh.touched = true
		o.touched = append(o.touched, sh)
	}
}

// count meters an attempt: one by one only if somebody watches. It comes before
// Finish, which may end the loop and its meter.
func (o *owner) count(sh *share, x *engine.Outcome, t engine.Task) {
	f := x.Flags
	if sh.spec.Meter.Watched() {
		if x.Err != nil {
			f |= failure.Flags(x.Err)
		}
		sh.shard.Task(x.Start, int64(x.Took), t.Index, int(t.Attempt), f)
		return
	}
	switch {
	case f&observe.OK != 0:
		sh.ok++
	case f&observe.Retried != 0:
		sh.retried++
	case f&observe.Failed != 0:
		sh.failed++
	}
	sh.busy += int64(x.Took)
	o.touch(sh)
}

// retire frees the ring up to the oldest task that is open.
func (o *owner) retire() {
	for o.tail < o.head {
		r := &o.recs[o.tail%shm.RingSize]
		if r.live {
			return
		}
		o.arenaTail = r.arenaEnd
		r.sh, r.verdict = nil, nil
		o.tail++
	}
}
