package parfor

import (
	"fmt"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/engine"
)

// Sequential returns an executor that runs one task at a time, in input order,
// on a goroutine of its own. Loops that share it take turns between tasks.
func Sequential() Executor { return &local{kind: "sequential", limit: newLimit(1)} }

// Goroutines returns an executor that runs at most n tasks at once, over all
// loops and submissions that share it. It is a limit, not a pool of live
// goroutines: every loop starts its own and ends them before it returns.
// It panics if n < 1.
func Goroutines(n int) Executor {
	if n < 1 {
		panic(fmt.Sprintf("parfor: Goroutines(%d): must be at least 1", n))
	}
	return &local{kind: "goroutines", limit: newLimit(n)}
}

// local is an executor in this process.
type local struct {
	kind   string
	limit  *limit
	ledger engine.Ledger
	closed atomic.Bool
}

func (l *local) Seal(engine.Key) engine.Engine {
	if l == nil {
		return engine.Engine{Err: ErrNoExecutor}
	}
	e := engine.Engine{Kind: l.kind, Local: l.limit, Ledger: &l.ledger}
	if l.closed.Load() {
		e.Err = ErrClosed
	}
	return e
}

// limit is a semaphore whose waiters are served in order of arrival.
type limit struct {
	slots   int
	tenants tenants
	waiting atomic.Int32 // len(queue), to be read without the lock

	mu    sync.Mutex
	used  int
	queue []chan struct{}
}

func newLimit(n int) *limit { return &limit{slots: n} }

func (l *limit) Slots() int   { return l.slots }
func (l *limit) Waiters() int { return int(l.waiting.Load()) }

// Acquire blocks until a slot is free and reports true, or until done is
// closed and reports false.
func (l *limit) Acquire(done <-chan struct{}) bool {
	l.mu.Lock()
	if l.used < l.slots && len(l.queue) == 0 {
		l.used++
		l.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	l.queue = append(l.queue, turn)
	l.waiting.Store(int32(len(l.queue)))
	l.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-done:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, c := range l.queue {
		if c == turn {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			l.waiting.Store(int32(len(l.queue)))
			return false
		}
	}
	// The slot was handed over in the same moment: pass it on.
	l.pass()
	return false
}

// Release gives a slot back, to the first waiter if there is one.
func (l *limit) Release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pass()
}

func (l *limit) pass() {
	if len(l.queue) == 0 {
		l.used--
		return
	}
	turn := l.queue[0]
	l.queue = l.queue[1:]
	l.waiting.Store(int32(len(l.queue)))
	close(turn)
}

// permit is the slot a worker holds. Its task lends it while it waits for
// other tasks, so that nested loops on one executor always have a slot to run
// on; it is used by that task's goroutines alone.
type permit struct {
	from    engine.Local
	mu      sync.Mutex
	lent    int
	retired bool // the worker left the body behind and keeps the slot
}

// Width is how many slots there are.
func (p *permit) Width() int { return p.from.Slots() }

// Lend gives the slot to whoever waits for one.
func (p *permit) Lend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent++; p.lent == 1 && !p.retired {
		p.from.Release()
	}
}

// TakeBack blocks until there is a slot again.
func (p *permit) TakeBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent--; p.lent == 0 && !p.retired {
		p.from.Acquire(nil)
	}
}

// retire takes the slot from a body that is left behind: what it lends or
// takes back from now on is nobody's.
func (p *permit) retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.retired = true; p.lent > 0 {
		p.from.Acquire(nil)
	}
}

// Close waits for submitted calls and returns the errors of failed futures
// that nobody read. Loops of later callers fail with ErrClosed.
func (l *local) Close() error {
	l.closed.Store(true)
	return l.ledger.Close()
}
