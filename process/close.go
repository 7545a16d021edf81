package process

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"parfor.dev/parfor"
)

// Close waits for the loops and submissions that the pool has, ends the
// workers and waits until they are gone. It returns the errors of futures that
// nobody read, and what the workers' exit hooks complained of. Loops that begin
// afterwards fail with parfor.ErrClosed. A second call waits too and returns
// nil.
func (p *Pool) Close() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	err := p.ledger.Close()
	p.mu.Lock()
	for len(p.jobs) > 0 {
		p.idle.Wait()
	}
	p.shut = true
	p.mu.Unlock()
	p.end()
	return errors.Join(err, p.flaws.take())
}

// CloseNow cancels what runs and fails what waits, with an error that is
// parfor.ErrClosed and parfor.ErrCanceled, then does what Close does. A body
// that ignores its context is killed after its loop's grace.
func (p *Pool) CloseNow() error {
	if p == nil {
		return nil
	}
	p.cancelAll(fmt.Errorf("%w: %w", parfor.ErrClosed, parfor.ErrCanceled))
	return p.Close()
}

// Kill ends all workers at once, whatever they do; what ran fails with
// parfor.ErrClosed. It doesn't wait: Close does.
func (p *Pool) Kill() {
	if p == nil {
		return
	}
	p.breakDown(fmt.Errorf("%w: %w", parfor.ErrClosed, parfor.ErrCanceled))
	for _, o := range p.team() {
		o.killed.Store(true)
		o.kill()
		o.signal()
	}
	go p.end()
}

// cancelAll fails what waits and cancels what runs.
func (p *Pool) cancelAll(cause error) {
	p.breakDown(cause)
	p.mu.Lock()
	all := make([]*attachment, 0, len(p.jobs))
	for _, a := range p.jobs {
		all = append(all, a)
	}
	p.mu.Unlock()
	for _, a := range all {
		a.cancel()
	}
}

// breakDown makes the pool one that can't run tasks: those it has, and those
// that its jobs still offer, fail with the error. The first call decides.
func (p *Pool) breakDown(err error) {
	p.mu.Lock()
	if p.broken == nil {
		p.broken = err
	}
	p.mu.Unlock()
	p.undertaker.signal()
	for _, o := range p.team() {
		o.signal()
	}
}

func (p *Pool) brokenBy() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

// end ends the workers, waits for them, then for the pool's own goroutines.
func (p *Pool) end() {
	p.endOnce.Do(func() {
		defer close(p.ended)
		if p.unbind != nil {
			p.unbind()
		}
		p.recruiter.end() // nobody else starts owners
		for _, o := range p.team() {
			o.quit.Store(true)
			o.signal()
		}
		p.running.Wait()
		p.calls.Wait()
		p.mu.Lock()
		for len(p.jobs) > 0 { // only after Kill: the undertaker ends them
			p.idle.Wait()
		}
		p.shut = true
		p.mu.Unlock()
		p.relay.end()
		p.supervisor.end()
		p.undertaker.end()
		p.spawner.end()
		if err := p.shelter.end(); err != nil {
			p.flaws.add(err)
		}
		p.life.end()
		living.Add(-1)
		pools.Delete(p.id)
	})
	<-p.ended
}

// quitGrace is how long a worker's exit hooks may take.
var quitGrace = 5 * time.Second

// flaws collects what went wrong outside of any task.
type flaws struct {
	mu   sync.Mutex
	errs []error
}

func (f *flaws) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.errs) < 8 {
		f.errs = append(f.errs, err)
	}
}

func (f *flaws) take() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := errors.Join(f.errs...)
	f.errs = nil
	return err
}
