package process

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/engine"
)

// attachment is a job's place at the pool.
type attachment struct {
	pool *Pool
	job  engine.Job
	spec *engine.Spec
	id   uint32 // of the loop in the workers
	body uint32

	// spare is what is left of Spec.Workers. A worker that holds as many grants
	// as it has slots may queue tasks ahead; with fewer it may not, since all it
	// holds could run at once.
	capped bool
	spare  atomic.Int64

	host     atomic.Pointer[owner] // whose worker has the last task that was offered
	canceled atomic.Bool           // Spec.Ctx is done
	pinned   atomic.Bool           // a worker was told of the loop, and is to be told of its end
	unwatch  func() bool

	// guarded by the pool's lock
	active  bool   // in the pool's turn
	place   uint64 // there
	wakes   uint64 // tells a Take that came up empty from one that missed a Wake
	watched bool   // the supervisor looks at it
}

// remote is the pool as loops see it, apart from what its users see.
type remote struct{ *Pool }

// Check reports whether the loop can run on worker processes.
func (r remote) Check(s *engine.Spec) error {
	p := r.Pool
	if s.Body == nil {
		return parfor.ErrNotRegistered
	}
	if _, ok := p.bodies[s.Body]; !ok {
		return fmt.Errorf("%w: %s is not known to this pool's workers", parfor.ErrNotRegistered, s.Body.Name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.usable()
}

// usable reports why the pool takes no jobs. The lock is held.
func (p *Pool) usable() error {
	if p.broken != nil {
		return p.broken
	}
	if p.shut {
		return parfor.ErrClosed
	}
	return nil
}

// Program and Run are how tasks in worker processes name pool and loop.
func (r remote) Program() uint64  { return r.id }
func (a *attachment) Run() uint64 { return uint64(a.id) }

// Attach offers the job's tasks to the workers.
func (r remote) Attach(j engine.Job) (engine.Handle, error) {
	p, s := r.Pool, j.Spec()
	a := &attachment{pool: p, job: j, spec: s, body: p.bodies[s.Body]}
	if s.Workers > 0 { // though it may be more than there are slots: see Resize
		a.capped = true
		a.spare.Store(int64(s.Workers))
	}
	p.mu.Lock()
	if err := p.usable(); err != nil {
		p.mu.Unlock()
		return nil, err
	}
	p.nextID = (p.nextID + 1) &^ announced
	a.id = p.nextID
	if !s.Plain() {
		a.id |= announced
	}
	p.jobs[a.id] = a
	p.relay.meet(a.id, s.Name)
	if s.Timeout > 0 {
		p.watch(a)
	}
	p.mu.Unlock()
	if s.Ctx.Done() != nil {
		a.unwatch = context.AfterFunc(s.Ctx, a.cancel)
	}
	p.announceUp(a)
	p.container.warn(a)
	if s.Inline {
		a.Offer()
	} else {
		a.Wake()
	}
	return a, nil
}

// cancel runs when the context of the loop's bodies is done.
func (a *attachment) cancel() {
	a.canceled.Store(true)
	p := a.pool
	p.mu.Lock()
	if p.jobs[a.id] == a {
		p.watch(a)
	}
	p.mu.Unlock()
	p.cancels.Add(1)
	for _, o := range p.team() {
		o.signal()
	}
}

// Wake says that Take may find something again.
func (a *attachment) Wake() {
	if a.stir() {
		a.pool.wakeHungry()
	}
}

// stir puts the job among those that may have tasks. It reports false if the pool
// is broken.
func (a *attachment) stir() bool {
	p := a.pool
	p.mu.Lock()
	a.wakes++
	if !a.active && p.jobs[a.id] == a {
		a.active = true
		p.queue(a)
	}
	broken := p.broken != nil
	p.mu.Unlock()
	if broken {
		p.undertaker.signal()
	}
	return !broken
}

// Revoke takes a claimed task back if no worker has begun it.
func (a *attachment) Revoke(t engine.Task) bool {
	for _, o := range a.pool.team() {
		if o.revoke(a.id, t) {
			return true
		}
	}
	return false
}

// Running reports whether the body of a claimed task has begun: whatever is
// claimed and waits in no ring runs.
func (a *attachment) Running(t engine.Task) bool {
	for _, o := range a.pool.team() {
		if o.queues(a.id, t) {
			return false
		}
	}
	return true
}

// Detach ends the attachment.
func (a *attachment) Detach() {
	if a.unwatch != nil {
		a.unwatch()
	}
	p := a.pool
	p.mu.Lock()
	if p.jobs[a.id] != a {
		p.mu.Unlock()
		return
	}
	delete(p.jobs, a.id)
	p.rest(a)
	if a.watched {
		p.watching--
	}
	if len(p.jobs) == 0 {
		p.idle.Broadcast()
	}
	p.mu.Unlock()
	if a.pinned.Load() {
		for _, o := range p.team() {
			if o.pid.Load() != 0 { // else nobody was told
				o.inbox.closeLoop(a.id)
			}
		}
	}
	arena.SettleProgram() // what the loop wrote is what the next one reads
}

// inbox is what others leave for an owner.
type inbox struct {
	mu     sync.Mutex
	closed []uint32 // loops that are over
	some   atomic.Bool
}

func (i *inbox) closeLoop(id uint32) {
	i.mu.Lock()
	i.closed = append(i.closed, id)
	i.mu.Unlock()
	i.some.Store(true)
}

func (i *inbox) take() []uint32 {
	if !i.some.Load() {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	ids := i.closed
	i.closed = nil
	i.some.Store(false)
	return ids
}
