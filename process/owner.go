package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/wire"
	"parfor.dev/parfor/observe"
)

// stage of a worker's life. Its owner alone changes it:
//
//	starting -> serving   it said hello
//	         -> starting  it died before; after a pause, unless the breaker trips
//	         -> gone      the pool ends or is broken
//	serving  -> leaving   the pool ends, or the worker has run enough tasks
//	         -> dying     its pipe ended, it was killed, its memory is corrupt
//	leaving  -> dying     always: an orderly end is read out like any other
//	dying    -> starting  its tasks are settled
//	         -> gone      the pool ends or is broken
type stage int

const (
	starting stage = iota
	serving
	leaving
	dying
	gone
)

// owner is the goroutine that owns one worker: it alone writes requests, reads
// results, calls the jobs, and handles the worker's death and replacement.
type owner struct {
	pool  *Pool
	id    int
	stage stage
	wake  chan struct{} // somebody left something: a bell, a job, an order

	// for others to read or write
	hungry  atomic.Bool  // a slot is free and no job had a task
	load    atomic.Int32 // tasks it holds
	pid     atomic.Int64
	quit    atomic.Bool
	killed  atomic.Bool // by Pool.Kill
	steal   atomic.Bool // another worker is idle: give it of the tail
	revoked atomic.Int32
	late    atomic.Pointer[overdue]
	inbox   inbox

	reach sync.RWMutex // held to look into proc's memory from outside
	proc  *proc

	recs       [shm.RingSize]rec
	head, tail uint64
	arenaHead  uint64
	arenaTail  uint64
	areas      []int // free ones
	moved      map[uint64]rec
	held       int // tasks in recs and moved
	backlog    backlog
	shares     map[*attachment]*share
	touched    []*share
	told       map[uint32]bool // loops the worker was told of
	cost       []float64       // nanoseconds of a task, by body
	depth      int             // tasks queued at the last refill
	cancels    uint64          // of the pool's, already looked at
	patient    bool            // results may wait for company
	corrupt    error
	served     int // tasks finished in this process
	strikes    int // lives in a row without a finished task
	buf        []byte
	ts         []engine.Task
	outcome    engine.Outcome
	res        shm.Result
	timer      *time.Timer
}

// rec is a task in the worker's hands.
type rec struct {
	sh       *share
	task     engine.Task
	arenaEnd uint64
	size     int
	area     int32
	live     bool
	verdict  error // of a task whose worker is about to be killed for it
}

// share is a job's part in this worker.
type share struct {
	*attachment
	shard   *meter.Shard
	held    int
	grants  int
	told    bool // cancelled in the worker
	touched bool
	ok      int
	failed  int
	busy    int64
}

// backlog is what a job gave and the ring had no room for.
type backlog struct {
	sh      *share
	tasks   []engine.Task
	payload []byte // of the first, if it is encoded already
	encoded bool
}

func newOwner(p *Pool, id int) *owner {
	o := &owner{pool: p, id: id, wake: make(chan struct{}, 1), shares: map[*attachment]*share{},
		moved: map[uint64]rec{}, told: map[uint32]bool{}, cost: make([]float64, len(p.bodies)),
		ts: make([]engine.Task, shm.RingSize), timer: time.NewTimer(time.Hour)}
	o.timer.Stop()
	return o
}

func (o *owner) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// run is the goroutine. It reports the first start.
func (o *owner) run(started chan<- error) {
	defer o.pool.running.Done()
	first := true
	for o.stage != gone {
		switch o.stage {
		case starting:
			err := o.start()
			if first {
				first = false
				started <- err
				if err != nil {
					o.stage = gone
				}
			}
		case serving:
			o.serve()
		case leaving:
			o.leave()
		case dying:
			o.bury()
		}
	}
}

// serve feeds the worker until it is to leave or dies.
func (o *owner) serve() {
	for {
		o.drain()
		switch {
		case o.corrupt != nil || o.killed.Load():
			o.proc.kill()
			o.stage = dying
			return
		case o.proc.ended.Load():
			o.stage = dying
			return
		}
		if o.control(); o.stage != serving {
			return
		}
		if o.pool.brokenBy() == nil && !o.worn() {
			o.hungry.Store(false)
			if o.fill(); o.held < o.pool.slots {
				// Said before the second look: who wakes the pool after it sees it.
				o.hungry.Store(true)
				o.fill()
			}
		} else if o.held == 0 && (o.worn() || o.quit.Load()) {
			o.stage = leaving
			return
		}
		if o.quit.Load() && o.held == 0 && o.backlog.sh == nil {
			o.stage = leaving
			return
		}
		o.park()
	}
}

// worn reports whether the worker has run as many tasks as it may.
func (o *owner) worn() bool {
	return o.pool.restart > 0 && o.served+o.held >= o.pool.restart
}

// control does what others asked for.
func (o *owner) control() {
	for _, id := range o.inbox.take() {
		if o.told[id] {
			delete(o.told, id)
			o.proc.ctl.send(wire.Close, wire.AppendCancel(nil, id, nil))
		}
	}
	o.answer()
	if err := o.proc.initError(); err != nil {
		o.pool.breakDown(err)
	}
	if o.pool.brokenBy() != nil {
		o.takeBack(func(*share) bool { return true }, -1)
		o.giveBacklog()
	}
	if n := o.pool.cancels.Load(); n != o.cancels {
		o.cancels = n
		o.cancelLoops()
	}
	if o.revoked.Load() > 0 && o.revoked.Swap(0) > 0 {
		o.sweep()
	}
	if o.steal.Load() && o.steal.Swap(false) {
		o.giveTail()
	}
	if late := o.late.Swap(nil); late != nil {
		o.stop(late)
	}
}

// answer serves the requests that came from the worker, on goroutines of their
// own, after the commits of what it had finished before.
func (o *owner) answer() {
	calls := o.proc.takeCalls()
	if len(calls) == 0 {
		return
	}
	o.drain()
	for _, c := range calls {
		o.pool.calls.Add(1)
		go o.proc.serve(c, o.pool.calls.Done)
	}
}

// cancelLoops takes back what waits of loops whose context is done, then tells
// the worker: in this order no task of them starts after the message.
func (o *owner) cancelLoops() {
	o.takeBack(func(sh *share) bool { return sh.canceled.Load() }, -1)
	if o.backlog.sh != nil && o.backlog.sh.canceled.Load() {
		o.giveBacklog()
	}
	for _, sh := range o.shares {
		if sh.canceled.Load() && sh.held > 0 && !sh.told {
			sh.told = true
			sh.pinned.Store(true)
			o.told[sh.id] = true
			o.proc.ctl.send(wire.Cancel, wire.AppendCancel(nil, sh.id, errwire.Append(nil, sh.cause())))
		}
	}
}

// cause is why the loop is cancelled.
func (a *attachment) cause() error {
	if a.spec.Ctx.Err() != nil {
		return context.Cause(a.spec.Ctx)
	}
	if err := a.pool.brokenBy(); err != nil {
		return err
	}
	return parfor.ErrCanceled
}

// park blocks until there is something to do.
func (o *owner) park() {
	b := o.proc.mem.Bells
	want := o.want()
	b.Want.Store(uint32(want))
	b.Waiting.Store(1)
	defer b.Waiting.Store(0)
	if n := o.proc.unread(); n >= want || n > 0 && b.Sleeping.Load() != 0 {
		return
	}
	wait := time.Duration(0)
	switch {
	case want > 1 || o.backlog.sh != nil:
		wait = time.Millisecond
	case o.held < o.pool.slots && o.beg():
		wait = time.Millisecond
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
		if want > 1 && o.proc.unread() == 0 {
			o.patient = false
		}
	}
}

// want is for how many results the worker should ring. Each ring costs it and
// its owner some microseconds, so short tasks ring seldom.
func (o *owner) want() int {
	if !o.patient || o.pool.slots > 1 {
		return 1
	}
	return max(1, o.held/2)
}

// leave asks the worker to end and waits for it.
func (o *owner) leave() {
	o.hungry.Store(false)
	o.stage = dying
	o.proc.leaving = true
	o.proc.ctl.send(wire.Quit, nil)
	limit := time.NewTimer(quitGrace)
	defer limit.Stop()
	for !o.proc.ended.Load() {
		select {
		case <-o.wake:
			o.answer()
			if o.killed.Load() {
				o.proc.kill()
			}
		case <-limit.C:
			o.pool.flaws.add(fmt.Errorf("parfor: worker %d did not end within %v of being asked: its exit hooks were cut short", o.proc.pid, quitGrace))
			o.proc.kill()
			limit.Reset(time.Hour)
		}
	}
}

// kill ends the worker's process from outside the owner.
func (o *owner) kill() {
	o.reach.RLock()
	defer o.reach.RUnlock()
	if o.proc != nil {
		o.proc.kill()
	}
}

// start starts a process and waits for its hello.
func (o *owner) start() error {
	o.hungry.Store(false)
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
			pr.kill()
			<-pr.read
			return o.stumble(o.lay(fmt.Errorf("it said nothing for %v: does every path of the program reach process.Main?", o.pool.start)))
		}
	}
	if !pr.hello.Load() {
		if !pr.ended.Load() {
			pr.kill()
			<-pr.read
		}
		return o.stumble(o.lay(nil))
	}
	if err := pr.mismatch(); err != nil {
		pr.kill()
		<-pr.read
		o.lay(nil)
		return o.stumble(err)
	}
	o.pid.Store(int64(pr.pid))
	o.stage = serving
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
	clear(o.told)
	for _, sh := range o.shares {
		sh.told, sh.shard = false, nil
	}
	o.served, o.corrupt, o.depth, o.patient = 0, nil, 0, false
}

// stumble counts a failed start, pauses before the next, and breaks the pool
// when there were too many: starting what can't start would go on for ever.
func (o *owner) stumble(err error) error {
	o.reach.Lock()
	o.proc = nil
	o.reach.Unlock()
	o.stage = starting
	p := o.pool
	p.mu.Lock()
	p.strikes++
	n := p.strikes
	p.mu.Unlock()
	if n >= p.breaker {
		p.breakDown(fmt.Errorf("parfor: %d workers in a row did not start: %w", n, err))
	}
	o.pause(n)
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
