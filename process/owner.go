package process

import (
	"sync"
	"sync/atomic"
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
)

// stage of a worker's life. Its owner alone changes it:
//
//	absent   -> starting  the recruiter calls it: it is to be kept, or tasks wait
//	         -> gone      the pool ends or is broken
//	starting -> serving   it said hello
//	         -> starting  it died before; after a pause, unless the breaker trips
//	         -> absent    likewise, if it is not one that is kept
//	         -> gone      the pool ends or is broken
//	serving  -> leaving   the pool ends or is too large, or the worker has run enough
//	                      tasks, or none for too long
//	         -> dying     its pipe ended, it was killed, its memory is corrupt
//	leaving  -> dying     always: an orderly end is read out like any other
//	dying    -> starting  its tasks are settled
//	         -> absent    likewise, if it is not one that is kept
//	         -> gone      the pool ends or is broken
//
// An owner begins as starting, and has its goroutine until it is gone.
type stage int

const (
	starting stage = iota
	absent
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
	drive sync.Mutex    // held by who does its work: itself, or while it sleeps a guest (see host.go)

	// for others to read or write
	hungry   atomic.Bool  // a slot is free and no job had a task
	load     atomic.Int32 // tasks it holds
	pid      atomic.Int64
	quit     atomic.Bool
	killed   atomic.Bool  // by Pool.Kill
	steal    atomic.Bool  // another worker is idle: give it of the tail
	stuck    atomic.Int32 // tasks that wait behind slow ones, which others could run
	standing atomic.Int32 // see type standing
	late     atomic.Pointer[overdue]
	dues     []atomic.Pointer[overdue] // by slot: what is to be said of its task
	fate     atomic.Pointer[fate]
	dooms    dooms
	inbox    inbox

	reach sync.RWMutex // held to look into proc's memory from outside
	proc  *proc
	nth   uint32 // process that it has started

	recs       *[shm.RingSize]rec // nil while there is no worker, as ts
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
	gave       bool            // part of its queue to an idle worker, in this round
	patient    bool            // results may wait for company
	corrupt    error           // its results can't be read any more
	flaw       error           // ... or they can, but it will do nothing more
	audit      audit
	taken      taken
	served     int // tasks finished in this process
	strikes    int // lives in a row without a finished task
	busy       bool
	spinner    spinner
	arrived    func() bool
	buf        []byte
	ts         []engine.Task
	outcome    engine.Outcome
	res        shm.Result
	timer      *time.Timer
	idleSince  int64 // when it ran out of tasks, if it may end for that
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
	retried int
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
		dues: make([]atomic.Pointer[overdue], p.slots), timer: time.NewTimer(time.Hour)}
	o.timer.Stop()
	o.arrived = func() bool { return len(o.wake) > 0 || o.proc.readers[0].Unread() > 0 }
	return o
}

func (o *owner) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// run is the goroutine. It reports the first start, if somebody waits for it.
func (o *owner) run(started chan<- error) {
	defer o.pool.running.Done()
	o.drive.Lock()
	defer o.drive.Unlock()
	for o.stage != gone {
		switch o.stage {
		case absent:
			o.rest()
		case starting:
			err := o.start()
			if started != nil {
				started <- err
				started = nil
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
		case o.corrupt != nil || o.flaw != nil || o.killed.Load():
			o.proc.kill()
			o.stage = dying
			return
		case o.proc.ended.Load() || o.stage == dying:
			o.stage = dying
			return
		}
		if o.control(); o.stage != serving {
			return
		}
		retires := o.retires()
		if o.pool.brokenBy() == nil && !retires {
			o.hungry.Store(false)
			// What was just given away is for the one who asked: it would be
			// back here before that one has woken.
			gave := o.gave
			o.gave = false
			if gave && o.held >= o.pool.slots {
				o.loaded()
			} else if o.fill(); o.held < o.pool.slots {
				// Said before the second look: who wakes the pool after it sees it.
				o.hungry.Store(true)
				o.fill()
			}
		} else if o.held == 0 && (retires || o.quit.Load()) {
			o.stage = leaving
			return
		}
		if (o.idled() || o.quit.Load()) && o.held == 0 && o.backlog.sh == nil {
			o.stage = leaving
			return
		}
		o.park()
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
