package process

import "time"

// recruiter starts workers: those that the pool is to keep, and those for tasks
// that no running worker has room for. It is a goroutine of its own, since it
// asks jobs how much waits, and a job may hold its lock when it wakes the pool.
type recruiter struct {
	pool *Pool
	wake chan struct{}
	quit chan struct{}
	done chan struct{}
	jobs []*attachment
}

func startRecruiter(p *Pool) *recruiter {
	r := &recruiter{pool: p, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go r.run()
	return r
}

func (r *recruiter) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *recruiter) end() {
	close(r.quit)
	<-r.done
}

func (r *recruiter) run() {
	defer close(r.done)
	for {
		select {
		case <-r.wake:
			r.recruit()
		case <-r.quit:
			return
		}
	}
}

// settling is how long tasks have to have waited, for workers to be started for
// them beside others that run: it is a fraction of a start, and many tasks are
// over sooner. The room and the tasks aren't counted in one moment either, and
// what looks like a need in between is none a little later.
const settling = time.Millisecond

func (r *recruiter) recruit() {
	p := r.pool
	for p.engage(p.kept()) {
	}
	n := r.short()
	if n > 0 && p.staffed() {
		select {
		case <-time.After(settling):
			n = min(n, r.short())
		case <-r.quit:
			return
		}
	}
	for most := int(p.most.Load()); n > 0 && p.engage(most); {
		n -= p.slots
	}
}

// short is for how many tasks there is no room. It looks at the room before it
// looks at the tasks: one that is claimed meanwhile is seen at neither place.
func (r *recruiter) short() int {
	room := r.pool.room()
	return r.waiting() - room
}

// staffed reports whether any worker takes tasks.
func (p *Pool) staffed() bool {
	for _, o := range p.team() {
		if standing(o.standing.Load()) == open {
			return true
		}
	}
	return false
}

// room is how many more tasks the workers can run that are there or on their way.
func (p *Pool) room() (n int) {
	for _, o := range p.team() {
		switch standing(o.standing.Load()) {
		case coming:
			n += p.slots
		case open:
			n += max(0, p.slots-int(o.load.Load()))
		}
	}
	return n
}

// waiting is how many tasks could run if there were workers for them.
func (r *recruiter) waiting() (n int) {
	p := r.pool
	p.mu.Lock()
	r.jobs = append(r.jobs[:0], p.turn...)
	p.mu.Unlock()
	for _, a := range r.jobs {
		n += a.waiting()
	}
	clear(r.jobs)
	for _, o := range p.team() {
		n += int(o.stuck.Load())
	}
	return n
}

// waiting is how many tasks of the job could run now, up to its cap.
func (a *attachment) waiting() int {
	if a.canceled.Load() {
		return 0
	}
	n := a.job.Pending()
	if w, ok := a.job.(interface{ Waiting() int }); ok { // its end is not known, but what is there is
		n = w.Waiting()
	}
	if n < 0 {
		n = 1
	}
	if a.capped {
		n = min(n, int(max(0, a.spare.Load())))
	}
	return n
}

// engage has one more of the first limit workers started, the one with the
// lowest number that is not there. It reports whether there was one.
func (p *Pool) engage(limit int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return false
	}
	for _, o := range p.team() {
		if o.id < limit && standing(o.standing.Load()) == away {
			o.standing.Store(int32(coming))
			o.signal()
			return true
		}
	}
	if len(p.team()) < limit {
		go p.enlist().run(nil)
		return true
	}
	if limit >= int(p.most.Load()) {
		p.vacant.Store(false)
	}
	return false
}
