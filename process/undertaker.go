package process

import (
	"parfor.dev/parfor/internal/engine"
)

// undertaker fails the tasks that jobs offer to a pool that can run none any
// more. It is a goroutine of its own: the owners of workers may be gone.
type undertaker struct {
	pool *Pool
	wake chan struct{}
	quit chan struct{}
	done chan struct{}
}

func startUndertaker(p *Pool) *undertaker {
	u := &undertaker{pool: p, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go u.run()
	return u
}

func (u *undertaker) signal() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

func (u *undertaker) end() {
	close(u.quit)
	<-u.done
}

func (u *undertaker) run() {
	defer close(u.done)
	for {
		select {
		case <-u.wake:
			u.clear()
		case <-u.quit:
			return
		}
	}
}

func (u *undertaker) clear() {
	p := u.pool
	if p.brokenBy() == nil {
		return
	}
	var buf [64]engine.Task
	for {
		p.mu.Lock()
		if len(p.turn) == 0 {
			p.mu.Unlock()
			return
		}
		a, why := p.turn[0], p.broken
		wakes := a.wakes
		p.mu.Unlock()
		for {
			n, _ := a.job.Take(buf[:])
			if n == 0 {
				break
			}
			for _, t := range buf[:n] {
				a.job.Finish(t, &engine.Outcome{Err: why})
			}
		}
		p.sleepy(a, wakes)
	}
}
