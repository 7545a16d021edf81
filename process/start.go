package process

import (
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor/internal/wire"
	"parfor.dev/parfor/observe"
)

// start starts a process and waits for its hello.
func (o *owner) start() error {
	o.hungry.Store(false)
	o.standing.Store(int32(coming))
	if o.quit.Load() || o.pool.brokenBy() != nil {
		o.stage = gone
		return o.pool.brokenBy()
	}
	pr, err := o.pool.spawn(o)
	if err != nil {
		return o.stumble(err)
	}
	o.reach.Lock()
	o.proc = pr
	o.reach.Unlock()
	o.fresh()
	limit := time.NewTimer(o.pool.start)
	defer limit.Stop()
	for !pr.hello.Load() && !pr.ended.Load() && !o.killed.Load() && !o.quit.Load() {
		select {
		case <-o.wake:
		case <-limit.C:
			return o.stumble(o.lay(fmt.Errorf("it said nothing for %v: does every path of the program reach process.Main?", o.pool.start)))
		}
	}
	if !pr.hello.Load() {
		return o.stumble(o.lay(nil))
	}
	if err := pr.mismatch(); err != nil {
		o.lay(nil)
		return o.stumble(err)
	}
	pr.peak.look(pr.pid)
	o.pid.Store(int64(pr.pid))
	o.stage = serving
	o.beginTerm()
	o.standing.Store(int32(open))
	o.pool.event(observe.WorkerUp, o.id, pr.pid, "")
	return nil
}

// fresh empties the books for a new process.
func (o *owner) fresh() {
	o.head, o.tail, o.arenaHead, o.arenaTail = 0, 0, 0, 0
	o.areas = o.areas[:0]
	for i := range o.pool.slots + 1 {
		o.areas = append(o.areas, i)
	}
	o.books()
	clear(o.told)
	for _, sh := range o.shares {
		sh.told, sh.shard = false, nil
	}
	o.fate.Store(nil) // what was said of another life,
	o.late.Store(nil) // whose positions are used again
	for i := range o.dues {
		o.dues[i].Store(nil)
	}
	o.served, o.corrupt, o.flaw, o.depth, o.patient = 0, nil, nil, 0, false
	o.audit.reset()
	o.taken.reset()
}

// stumble counts a failed start, pauses before the next, and breaks the pool
// when there were too many: starting what can't start would go on for ever.
func (o *owner) stumble(err error) error {
	o.reach.Lock()
	o.proc = nil
	o.reach.Unlock()
	o.stage = starting
	if o.quit.Load() || o.killed.Load() {
		return err
	}
	p := o.pool
	p.mu.Lock()
	p.strikes++
	n, proven := p.strikes, p.proven
	p.mu.Unlock()
	switch {
	case !proven: // what NewPool would have returned
		p.breakDown(fmt.Errorf("parfor: the pool's first worker did not start: %w", err))
	case n >= p.breaker:
		p.breakDown(fmt.Errorf("parfor: %d workers in a row did not start: %w", n, err))
	}
	o.pause(n)
	o.stage = o.after()
	return err
}

// pause waits before a start that follows n vain ones.
func (o *owner) pause(n int) {
	if n <= 1 {
		return
	}
	o.timer.Reset(min(10*time.Millisecond<<min(n, 10), time.Second))
	for !o.quit.Load() && o.pool.brokenBy() == nil {
		select {
		case <-o.wake:
		case <-o.timer.C:
			return
		}
	}
	o.timer.Stop()
}

var errNoHello = errors.New("it ended before it reached process.Main: is Main called right after flag.Parse, on every path, and does nothing before it exit?")

// leave asks the worker to end and waits for it.
func (o *owner) leave() {
	o.withdraw()
	o.stage = dying
	o.proc.leaving = true
	o.proc.ctl.send(wire.Quit, nil)
	limit := time.NewTimer(quitGrace)
	defer limit.Stop()
	look := time.NewTicker(auditTime)
	defer look.Stop()
	for !o.proc.ended.Load() && !o.killed.Load() && !o.proc.dead() {
		select {
		case <-o.wake:
			o.answer()
		case <-look.C:
		case <-limit.C:
			o.pool.flaws.add(fmt.Errorf("parfor: worker %d did not end within %v of being asked: its exit hooks were cut short", o.proc.pid, quitGrace))
			return
		}
	}
}
