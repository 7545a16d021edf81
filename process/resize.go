package process

import (
	"fmt"

	"parfor.dev/parfor"
)

// Resize changes how many workers the pool has at most, to n. It returns at
// once: workers that it is to have more start in the background (all of them
// together, or, with [MinWorkers], when tasks wait for them). Of workers that it
// is to have fewer, those with the highest numbers, each takes no more tasks,
// gives back what waits in it, and ends when what runs in it has ended.
//
// Running loops follow: their tasks go to the new workers, and of [Pool.Slots]
// and a worker's share of GOMAXPROCS the latter changes for workers that start
// afterwards. A loop's own cap (parfor.Workers) stays. If workers can't be
// started it is as when they are replaced: see [Breaker].
//
// It may be called at any time. An n below 1 is an error, parfor.ErrOption: to
// let nothing run for a while pause the loops with a parfor.Control. After Close
// or Kill it returns parfor.ErrClosed, and on a pool that failed, why.
func (p *Pool) Resize(n int) error {
	if p == nil {
		return parfor.ErrNoExecutor
	}
	if n < 1 {
		return fmt.Errorf("%w: Resize(%d): a pool has at least one worker: Close ends it, Pause of a parfor.Control stops its loops for a while", parfor.ErrOption, n)
	}
	p.mu.Lock()
	err := p.usable()
	if err == nil && p.closing {
		err = parfor.ErrClosed
	}
	if err == nil {
		p.most.Store(int64(n))
		p.vacant.Store(true)
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	p.recruiter.signal()
	for _, o := range p.team() {
		o.signal() // those that are too many leave
	}
	return nil
}

// team is every owner that the pool has had, by number: those without a worker
// too. It only grows, by copies, so that who looks at it needs no lock.
func (p *Pool) team() []*owner { return *p.owners.Load() }

// enlist adds an owner. The lock is held.
func (p *Pool) enlist() *owner {
	old := p.team()
	o := newOwner(p, len(old))
	team := append(old[:len(old):len(old)], o)
	p.owners.Store(&team)
	p.running.Add(1)
	return o
}
