package process

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor"
	_ "parfor.dev/parfor/internal/cborcodec" // the codec for what has no faster one
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/task"
)

// Pool is an executor whose tasks run in worker processes. It is safe for
// concurrent use; loops that share it take turns.
//
// A nil *Pool is an executor in a worker process, where it means that
// process's goroutines: a body that gets its pool from a package variable finds
// nil there.
type Pool struct {
	options
	id      uint64 // random: tells its loops from those of other pools
	bodies  map[*registry.Body]uint32
	owners  atomic.Pointer[[]*owner] // see team
	most    atomic.Int64             // workers
	vacant  atomic.Bool              // there may be fewer
	spawner *spawner
	life    lifeline
	ledger  engine.Ledger
	care    atomic.Int64 // commits until workers stop being careful
	output  output
	unbind  func() bool

	relay      *relay // nil without Logs
	undertaker *undertaker
	supervisor *supervisor
	container  *container
	shelter    shelter
	recruiter  *recruiter
	busy       atomic.Int32  // workers that hold tasks
	cancels    atomic.Uint64 // counts loops whose context ended
	flaws      flaws

	// results of processes that have ended: announced in their memory, and read
	published, consumed atomic.Uint64

	mu       sync.Mutex
	jobs     map[uint32]*attachment
	turn     []*attachment // jobs that may have tasks, the next one first
	places   uint64        // given to them so far
	nextID   uint32
	watching int // jobs the supervisor looks at
	closing  bool
	shut     bool  // no more jobs
	broken   error // why no task can run any more
	strikes  int   // failed starts in a row
	proven   bool  // some worker has started, or NewPool reports that none does
	idle     sync.Cond

	running sync.WaitGroup // owners
	calls   sync.WaitGroup // requests from workers
	ended   chan struct{}
	endOnce sync.Once
}

var (
	_ parfor.Executor = (*Pool)(nil)
	_ engine.Remote   = remote{}
)

// NewPool starts n worker processes, GOMAXPROCS of them if n is 0, and returns
// once all of them run. (With [MinWorkers] it starts fewer, and the others when
// there is work for them; [Pool.Resize] changes n.) If one can't be started those that were are ended, and
// the error holds what it wrote to standard error. The context bounds the start
// and the pool's life: when it is cancelled, running tasks are, as by
// [Pool.CloseNow].
//
// The error is [ErrNoMain] if the program didn't call [Main], and wraps
// errors.ErrUnsupported on systems without worker processes (Windows).
func NewPool(ctx context.Context, n int, opts ...Option) (*Pool, error) {
	refuseInWorker()
	o, err := configure(opts)
	if n < 0 {
		err = errors.Join(fmt.Errorf("%w: NewPool(%d): the number of workers can't be negative", parfor.ErrOption, n), err)
	} else {
		if n == 0 {
			n = runtime.GOMAXPROCS(0)
		}
		err = errors.Join(err, o.fit(n))
	}
	if err != nil {
		return nil, err
	}
	if !supported {
		return nil, fmt.Errorf("parfor: worker processes on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	if mainSite.Load() == nil {
		return nil, ErrNoMain
	}
	if inherited.worker {
		return nil, fmt.Errorf("parfor: a pool inside a worker process: %w: run nested loops on goroutines there", errors.ErrUnsupported)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	p := &Pool{options: o, id: rand.Uint64() | 1, jobs: map[uint32]*attachment{}, bodies: map[*registry.Body]uint32{}, ended: make(chan struct{})}
	for i, b := range registry.All() {
		p.bodies[b] = uint32(i)
	}
	if p.tempDir {
		if p.shelter, err = openShelter(); err != nil {
			return nil, err
		}
	}
	p.container = containerAt(fileSystem)
	p.container.inspect(n, p.memory)
	if p.life, err = newLifeline(); err != nil {
		return nil, fmt.Errorf("parfor: a pipe for the workers: %w", err)
	}
	p.idle.L = &p.mu
	p.output.init(&p.options)
	p.spawner = startSpawner()
	p.relay = p.logging.start()
	p.undertaker = startUndertaker(p)
	p.supervisor = &supervisor{pool: p, wake: make(chan struct{}, 1)}
	p.recruiter = startRecruiter(p)
	living.Add(1)
	pools.Store(p.id, p)
	p.owners.Store(&[]*owner{})
	p.most.Store(int64(n))
	p.vacant.Store(p.kept() < n)
	p.proven = p.kept() > 0
	if err := p.begin(ctx); err != nil {
		p.Kill()
		p.end()
		return nil, err
	}
	return p, nil
}

// begin starts the workers that are kept, all at once, and waits for them.
func (p *Pool) begin(ctx context.Context) error {
	started := make(chan error, p.kept())
	p.mu.Lock()
	for range cap(started) {
		go p.enlist().run(started)
	}
	p.mu.Unlock()
	var bad error
	for range cap(started) {
		select {
		case err := <-started:
			if bad == nil && err != nil {
				bad = err
				p.Kill()
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if bad != nil {
		return bad
	}
	p.unbind = context.AfterFunc(ctx, func() { p.cancelAll(context.Cause(ctx)) })
	return nil
}

// Slots is how many tasks can run at once, when all workers are there.
func (p *Pool) Slots() int { return int(p.most.Load()) * p.slots }

// Seal makes the pool an executor.
func (p *Pool) Seal(engine.Key) engine.Engine {
	if p == nil {
		if task.InWorker.Load() {
			return engine.Engine{Kind: "goroutines"}
		}
		return engine.Engine{Err: parfor.ErrNoExecutor}
	}
	e := engine.Engine{Kind: "processes", Remote: remote{p}, Ledger: &p.ledger}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Err = p.usable(); e.Err == nil && p.closing {
		e.Err = parfor.ErrClosed
	}
	return e
}

// wakeHungry tells the worker with the most room that there may be tasks. If
// none has any it calls for more workers, as long as there may be more.
func (p *Pool) wakeHungry() {
	if o := p.choose(); o != nil {
		o.signal()
	}
}

// choose finds that worker, which is then no more among those to be woken.
func (p *Pool) choose() *owner {
	var best *owner
	for _, o := range p.team() {
		if o.hungry.Load() && (best == nil || o.load.Load() < best.load.Load()) {
			best = o
		}
	}
	switch {
	case best == nil:
		if p.vacant.Load() {
			p.recruiter.signal()
		}
	case best.hungry.CompareAndSwap(true, false):
		return best
	}
	return nil
}
