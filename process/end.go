package process

import (
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// bury settles the tasks of a worker that is dead or about to be. Its memory
// is read out before any verdict: what it finished counts. Then exactly the
// tasks that a slot had claimed are lost, and those that none had are given
// back.
func (o *owner) bury() {
	o.withdraw()
	pr := o.proc
	state, err := pr.end()
	finish(pr.stdout, pr.stderr)
	if o.corrupt == nil {
		o.drain()
	}
	o.answer() // what it still asked for takes effect; nobody reads the answers
	if task.EndLife != nil {
		task.EndLife(pr.mem.Identity().Life)
	}
	d := death{pid: pr.pid, code: -1, cause: parfor.Killed}
	if err == nil {
		d = autopsy(state, pr.stderr.text(), pr.dump())
		d.rss = pr.peak.judge(d.rss)
	}
	o.explain(&d)
	switch {
	case o.corrupt != nil:
		d.blame(o.corrupt)
	case o.flaw != nil:
		d.blame(o.flaw)
	case pr.mailBad() != nil:
		d.blame(pr.mailBad())
	}
	o.report(&d)
	lost := o.settle(&d)
	o.retireProc()
	o.next(pr, &d, lost)
}

// settle gives back what never began and fails what did.
func (o *owner) settle(d *death) (lost int) {
	back := map[*share][]engine.Task{}
	begun, n := o.couldHaveBegun(), 0
	for pos := o.tail; pos < o.head; pos++ {
		r := &o.recs[pos%shm.RingSize]
		if !r.live {
			continue
		}
		r.live = false
		// The swap decides against a future that revokes in this moment.
		switch {
		case o.proc.requests.Revoke(pos):
			back[r.sh] = append(back[r.sh], r.task)
		case o.taken.has(pos):
			n--
		case n < begun:
			o.lose(r, pos, d)
			lost++
		default: // its word was overwritten
			back[r.sh] = append(back[r.sh], r.task)
		}
		n++
		o.drop(r)
	}
	for pos, r := range o.moved {
		delete(o.moved, pos)
		o.lose(&r, pos, d)
		o.drop(&r)
		lost++
	}
	o.settleUp()
	o.retire()
	for sh, ts := range back {
		sh.job.Return(ts)
	}
	o.giveBacklog()
	return lost
}

// couldHaveBegun is how many of the requests in the ring may have been claimed,
// whatever their words say. Slots claim in order, one each, and publish before they
// claim again. Of a worker whose results can't be read nobody knows.
func (o *owner) couldHaveBegun() int {
	if o.corrupt != nil {
		return o.held
	}
	return o.pool.slots - len(o.moved)
}

// lose fails a task that died with its worker.
func (o *owner) lose(r *rec, pos uint64, d *death) {
	x := &o.outcome
	*x = engine.Outcome{Worker: o.id, PID: d.pid, Start: meter.Now(), Claims: task.ClaimantOf(o.proc.mem.Identity().Life, pos+1)}
	switch {
	case r.verdict != nil:
		x.Err = r.verdict
	case o.killed.Load():
		x.Err = o.pool.brokenBy()
	default:
		x.Err = d.err()
	}
	o.close(r.sh, r.task, x)
}

// report tells observers, and keeps what a worker's orderly end complained of.
func (o *owner) report(d *death) {
	o.pid.Store(0)
	pr := o.proc
	text := observe.DownClosed
	switch {
	case !pr.leaving || d.code != 0:
		text = d.err().Error()
	case o.worn():
		text = observe.DownRecycled
	case !o.quit.Load():
		text = observe.DownIdle
	}
	o.pool.event(observe.WorkerDown, o.id, d.pid, text)
	if !pr.leaving {
		return
	}
	pr.mu.Lock()
	exit := pr.mail.exit
	pr.mu.Unlock()
	if exit != nil {
		o.pool.flaws.add(fmt.Errorf("parfor: worker %d, when it ended: %w", d.pid, exit))
	}
	switch {
	case d.cause == parfor.RaceDetected:
		o.pool.flaws.add(d.err())
	case d.code > 0: // an exit hook ended it
		o.pool.flaws.add(fmt.Errorf("parfor: worker %d, when it ended: %w", d.pid, d.err()))
	}
}

// retireProc frees what belonged to the process. The lock keeps those out who
// look into its memory.
func (o *owner) retireProc() {
	pr := o.proc
	for i, r := range pr.readers {
		o.pool.published.Add(pr.mem.Status(i).Finished.Load())
		o.pool.consumed.Add(r.Count())
	}
	o.reach.Lock()
	o.proc = nil
	o.reach.Unlock()
	pr.term.end()
	o.pool.clear(pr.tempDir)
	pr.bell.Close()
	pr.ctl.end()
	pr.mem.Close()
}

// next decides what follows a death. Workers that die without having finished
// or lost a task, one after the other, are replaced ever more slowly.
func (o *owner) next(pr *proc, d *death, lost int) {
	if o.after() == gone {
		o.stage = gone
		return
	}
	if pr.died() {
		d.cause = parfor.StartFailed
		o.stumble(fmt.Errorf("%w: it died in its initializer", d.err()))
		return
	}
	if o.served == 0 && lost == 0 && !pr.leaving {
		o.strikes++
	} else {
		o.strikes = 0
	}
	if o.after() == starting {
		o.standing.Store(int32(coming))
	}
	o.pause(o.strikes)
	o.stage = o.after()
}

// lay ends a process that never served, and says what it left.
func (o *owner) lay(why error) error {
	pr := o.proc
	state, err := pr.end()
	finish(pr.stdout, pr.stderr)
	d := death{pid: pr.pid, code: -1}
	if err == nil {
		d = autopsy(state, pr.stderr.text(), nil)
		d.rss = pr.peak.judge(d.rss)
	}
	d.cause = parfor.StartFailed
	o.retireProc()
	switch {
	case why == nil && d.code == exitBroken: // it has said itself what it lacks
		return d.err()
	case why == nil:
		why = errNoHello
	}
	return fmt.Errorf("%w: %w", d.err(), why)
}

func (p *proc) mailBad() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mail.bad
}
