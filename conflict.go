package parfor

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parfor.dev/parfor/internal/task"
)

// ErrConflict means that another task changed what this one had read in a
// dictionary before it could commit. Nothing of the attempt took effect. The
// body runs again only if the loop says so, with [OnConflict] or [Attempts].
var ErrConflict = task.ErrConflict

// Conflicts says what a conflict means to a loop.
type Conflicts int

// What to do with a task that conflicted.
const (
	FailOnConflict Conflicts = iota // it is a failed attempt (default)
	Rerun                           // the body runs again, up to 16 times
)

// OnConflict sets what a loop does with a task that conflicted ([ErrConflict]).
// With [Rerun] its body runs again without that counting as an attempt: up to
// 16 times, after a short random wait that holds no worker, from the 4th time on
// alone on the keys it depends on: another task that depends on one of them then
// can't commit before it.
func OnConflict(c Conflicts) Option {
	return func(o *config) error {
		o.conflicts = c
		if c < FailOnConflict || c > Rerun {
			return fmt.Errorf("OnConflict(%d): no such rule", c)
		}
		return nil
	}
}

// Serializable makes everything that a task reads in dictionaries count: single
// keys, keys that are absent, sizes, iterations. The tasks of the loop then
// have the effects they would have one after the other, in the order of their
// commits. Without it only keys that a task reads and then writes count. More
// tasks conflict; see [OnConflict].
func Serializable() Option {
	return func(c *config) error { c.serializable = true; return nil }
}

const (
	maxReruns  = 16
	aloneFrom  = 4                     // the rerun from which on a task is alone on its keys
	firstDelay = 50 * time.Microsecond // bound of the wait before the first rerun; it doubles
)

// rerun is what a loop knows of a task that conflicted. The nil one has not.
type rerun struct {
	count int
	keys  []task.Key
	mu    sync.Mutex // guards turn: the task may run before TakeTurn has returned it
	turn  *task.Turn
	back  func() // of a task that waits outside this process's bodies; may be called again
}

// pass is what the task commits with.
func (r *rerun) pass() uint64 {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turn.Pass()
}

// leave lets others have the task's keys.
func (r *rerun) leave() {
	if r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.turn.Leave()
	}
}

// conflicted reports whether err makes the body of a task run again, and
// counts that.
func (p *policy) conflicted(r **rerun, err error) bool {
	if p.conflicts != Rerun || err == nil || p.stop.Load() {
		return false
	}
	var c *task.Conflict
	if !errors.As(err, &c) {
		return false
	}
	if *r == nil {
		*r = &rerun{}
	}
	if (*r).count++; (*r).count > maxReruns {
		(*r).count = 0 // a further attempt begins anew
		(*r).leave()
		return false
	}
	for _, k := range c.Keys {
		if !slices.Contains((*r).keys, k) {
			(*r).keys = append((*r).keys, k)
		}
	}
	return true
}

// wait calls ready once the body may run again, on another goroutine or on this
// one. Ready must not block. To stop waiting, call what it returns; ready may
// then still be called.
func (r *rerun) wait(ready func()) (stop func()) {
	if r.count < aloneFrom {
		t := time.AfterFunc(rand.N(firstDelay<<(r.count-1)), ready)
		return func() { t.Stop() }
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn.Leave()
	r.turn = task.TakeTurn(r.keys, ready)
	return r.turn.Leave
}

// block is wait for a goroutine; false means that done was closed.
func (r *rerun) block(done <-chan struct{}) bool {
	free := make(chan struct{})
	stop := r.wait(func() { close(free) })
	select {
	case <-free:
		return true
	case <-done:
		stop()
		return false
	}
}

// reruns are the tasks of a loop on other processes that conflicted, by index.
type reruns struct {
	some atomic.Int32
	mu   sync.Mutex
	of   map[int]*rerun
}

func (rs *reruns) get(index int) *rerun {
	if rs.some.Load() == 0 {
		return nil
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.of[index]
}

// again reports whether the task's body runs again because of err; it then
// calls ready when it may.
func (rs *reruns) again(p *policy, index int, err error, ready func()) bool {
	r := rs.get(index)
	fresh := r == nil
	if !p.conflicted(&r, err) {
		return false
	}
	if fresh {
		rs.mu.Lock()
		if rs.of == nil {
			rs.of = map[int]*rerun{}
		}
		rs.of[index] = r
		rs.some.Add(1)
		rs.mu.Unlock()
	}
	ready = sync.OnceFunc(ready)
	rs.mu.Lock()
	r.back = ready
	rs.mu.Unlock()
	r.wait(ready)
	return true
}

// halt ends the waiting of all.
func (rs *reruns) halt() {
	if rs.some.Load() == 0 {
		return
	}
	var backs []func()
	rs.mu.Lock()
	for _, r := range rs.of {
		backs = append(backs, r.back)
	}
	rs.mu.Unlock()
	for _, back := range backs {
		back()
	}
}

// forget leaves the turns of tasks that never ended, because the loop did.
func (rs *reruns) forget() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, r := range rs.of {
		r.leave()
	}
}

// settle forgets a task that is done with.
func (rs *reruns) settle(index int) {
	if r := rs.get(index); r != nil {
		rs.mu.Lock()
		delete(rs.of, index)
		rs.some.Add(-1)
		rs.mu.Unlock()
		r.leave()
	}
}

// due reports, without counting, whether a conflict would make the task's body
// run again.
func (rs *reruns) due(p *policy, index int, err error) bool {
	if p.conflicts != Rerun || p.stop.Load() || !errors.Is(err, ErrConflict) {
		return false
	}
	r := rs.get(index)
	return r == nil || r.count < maxReruns
}
