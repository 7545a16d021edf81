package parfor_test

import (
	"fmt"
	"slices"
	"sync"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
)

// farm is a remote executor whose workers are goroutines. They claim up to
// four tasks and start them one by one, as worker processes do.
type farm struct {
	slots  int
	whole  int // unless 0, they claim that many, and finish none before all are settled
	ledger engine.Ledger

	mu       sync.Mutex // held while a job is asked for tasks, so that Wake must not need it
	jobs     []*plot
	attached int // in all
	closed   bool
	workers  sync.WaitGroup

	sleep sync.Mutex
	cond  *sync.Cond // of sleep: stirs is higher
	stirs int
}

// plot is a job at a farm.
type plot struct {
	farm    *farm
	job     engine.Job
	claimed map[engine.Task]bool // true once the body has begun
}

func newFarm(slots int) *farm { return (&farm{slots: slots}).begin() }

func (f *farm) begin() *farm {
	f.cond = sync.NewCond(&f.sleep)
	for w := range f.slots {
		f.workers.Go(func() { f.work(w) })
	}
	return f
}

func (f *farm) Seal(engine.Key) engine.Engine {
	e := engine.Engine{Kind: "farm", Remote: f, Ledger: &f.ledger}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		e.Err = parfor.ErrClosed
	}
	return e
}

func (f *farm) Close() error {
	err := f.ledger.Close()
	f.mu.Lock()
	f.closed = true
	left := len(f.jobs)
	f.mu.Unlock()
	f.stir()
	f.workers.Wait()
	if left > 0 {
		return fmt.Errorf("%d jobs are still attached", left)
	}
	return err
}

func (f *farm) Check(*engine.Spec) error { return nil }
func (f *farm) Slots() int               { return f.slots }

func (f *farm) Attach(j engine.Job) (engine.Handle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &plot{farm: f, job: j, claimed: map[engine.Task]bool{}}
	f.jobs = append(f.jobs, p)
	f.attached++
	f.stir()
	return p, nil
}

// stir has workers that wait look for tasks.
func (f *farm) stir() {
	f.sleep.Lock()
	defer f.sleep.Unlock()
	f.stirs++
	f.cond.Broadcast()
}

func (f *farm) stirred() int {
	f.sleep.Lock()
	defer f.sleep.Unlock()
	return f.stirs
}

// wait returns when the farm was stirred since.
func (f *farm) wait(since int) {
	f.sleep.Lock()
	defer f.sleep.Unlock()
	for f.stirs == since {
		f.cond.Wait()
	}
}

// claim blocks until there are tasks, or the farm is closed.
func (f *farm) claim() (*plot, []engine.Task) {
	for {
		since := f.stirred()
		p, batch, closed := f.look()
		if p != nil || closed {
			return p, batch
		}
		f.wait(since)
	}
}

// look asks the jobs for tasks.
func (f *farm) look() (p *plot, batch []engine.Task, closed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, nil, true
	}
	batch = make([]engine.Task, max(4, f.whole))
	for _, p := range f.jobs {
		if n, _ := p.job.Take(batch); n > 0 {
			for _, t := range batch[:n] {
				p.claimed[t] = false
			}
			return p, batch[:n], false
		}
	}
	return nil, nil, false
}

func (f *farm) work(worker int) {
	for {
		p, batch := f.claim()
		if p == nil {
			return
		}
		var finish []func()
		for i, t := range batch {
			if i == 2 && f.whole == 0 { // as if the worker had died: others get the rest
				p.giveBack(batch[i:])
				break
			}
			end := p.run(worker, t)
			if f.whole == 0 {
				end()
			} else {
				finish = append(finish, end)
			}
		}
		for _, end := range finish {
			end()
		}
	}
}

// begin reports whether the task is still to be run.
func (p *plot) begin(t engine.Task) bool {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	if _, ok := p.claimed[t]; !ok {
		return false
	}
	p.claimed[t] = true
	return true
}

func (p *plot) end(t engine.Task) {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	delete(p.claimed, t)
}

func (p *plot) giveBack(ts []engine.Task) {
	p.farm.mu.Lock()
	ts = slices.DeleteFunc(slices.Clone(ts), func(t engine.Task) bool {
		_, ok := p.claimed[t]
		delete(p.claimed, t)
		return !ok
	})
	p.farm.mu.Unlock()
	if len(ts) > 0 {
		p.job.Return(ts)
	}
}

// run runs a task and settles it. What it returns finishes it.
func (p *plot) run(worker int, t engine.Task) (finish func()) {
	spec := p.job.Spec()
	if spec.Ctx.Err() != nil {
		p.giveBack([]engine.Task{t})
		return func() {}
	}
	if !p.begin(t) {
		return func() {}
	}
	o := engine.Outcome{Worker: worker}
	in, tail, err := p.job.AppendItem(nil, t)
	in = append(in, tail...)
	if o.Err = err; err == nil {
		finished := make(chan struct{})
		go func() { // a body may end its goroutine
			defer close(finished)
			o.Err = parfor.ErrGoexit
			defer func() {
				if v := recover(); v != nil {
					o.Err = &parfor.PanicError{Value: fmt.Sprint(v), Stack: []byte("stack")}
				}
			}()
			o.Out, tail, o.Err = spec.Body.Run(spec.Ctx, in, nil)
			o.Out = append(o.Out, tail...)
		}()
		<-finished
	}
	p.end(t)
	p.job.Settle(t, &o)
	return func() { p.job.Finish(t, &o) }
}

func (p *plot) Wake() { p.farm.stir() }

func (p *plot) Kill(engine.Task, error) {}

func (p *plot) Revoke(t engine.Task) bool {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	begun, ok := p.claimed[t]
	if !ok || begun {
		return false
	}
	delete(p.claimed, t)
	return true
}

func (p *plot) Running(t engine.Task) bool {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	return p.claimed[t]
}

func (p *plot) Detach() {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	if len(p.claimed) > 0 {
		panic("detached with tasks claimed")
	}
	p.farm.jobs = slices.DeleteFunc(p.farm.jobs, func(q *plot) bool { return q == p })
}
