//go:build unix

package child

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"
)

var errTimeout = errors.New("the time for one command is up")

// group is the process group of a command, and the one place that signals it.
// The number of a group belongs to it until its leader has been waited for and
// its last process is gone, so a signal can't hit a stranger: the leader is
// waited for last.
type group struct {
	pid   int // of the command, which leads the group
	grace time.Duration
	wait  func() (syscall.WaitStatus, error)

	mu       sync.Mutex
	why      error     // who wants it to end, first
	killAt   time.Time // zero: it was not told to end
	kill     *time.Timer
	enforced bool // nothing of the group may stay
	ended    bool // the command itself: no reason counts any more
	gone     bool // the number may be somebody else's
}

// watch ends the group once the context is done or the time is up. The
// function it returns ends the watch.
func (g *group) watch(ctx context.Context, timeout time.Duration) (release func()) {
	unwatch := context.AfterFunc(ctx, func() { g.stop(context.Cause(ctx)) })
	if timeout <= 0 {
		return func() { unwatch() }
	}
	timer := time.AfterFunc(timeout, func() { g.stop(errTimeout) })
	return func() { unwatch(); timer.Stop() }
}

// stop ends the group for a reason.
func (g *group) stop(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended && errors.Is(why, errTimeout) {
		return // what lingers has a limit of its own
	}
	if !g.ended && g.why == nil {
		g.why = why
	}
	g.enforced = true
	g.end()
}

// terminate ends the group and returns when that is enforced.
func (g *group) terminate() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end()
	return g.killAt
}

// end sends SIGTERM, and SIGKILL after the grace time. A stopped process sees
// the former only when it goes on.
func (g *group) end() {
	if g.gone || !g.killAt.IsZero() {
		return
	}
	g.killAt = time.Now().Add(g.grace)
	if g.grace == 0 {
		g.signal(syscall.SIGKILL)
		return
	}
	g.signal(syscall.SIGTERM)
	g.signal(syscall.SIGCONT)
	g.kill = time.AfterFunc(g.grace, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !g.gone {
			g.signal(syscall.SIGKILL)
		}
	})
}

// signal reaches the command too if it went to another group.
func (g *group) signal(sig syscall.Signal) {
	if syscall.Kill(-g.pid, sig) != nil && !g.ended {
		syscall.Kill(g.pid, sig)
	}
}

// commandEnded notes that the command itself has ended, and returns the reason
// if it was told to, and whether its group was.
func (g *group) commandEnded() (why error, stopping bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	return g.why, !g.killAt.IsZero()
}

// finish waits for the command and, if its group was told to end by whoever
// watches it, for the rest of the group, and kills what has not ended in time.
// It may be called once nobody else uses the group.
func (g *group) finish() (syscall.WaitStatus, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var status syscall.WaitStatus
	var err error
	if g.ended { // this doesn't block, and nobody signals a number that is free
		status, err = g.wait()
	} else {
		g.mu.Unlock()
		status, err = g.wait()
		g.mu.Lock()
		g.ended = true
	}
	for step := time.Millisecond; g.enforced && g.lives(); step = min(2*step, 20*time.Millisecond) {
		left := time.Until(g.killAt)
		if left <= 0 {
			g.signal(syscall.SIGKILL)
			break
		}
		g.mu.Unlock()
		time.Sleep(min(step, left))
		g.mu.Lock()
	}
	g.gone = true
	if g.kill != nil {
		g.kill.Stop()
	}
	return status, err
}

// lives says whether somebody is left.
func (g *group) lives() bool { return syscall.Kill(-g.pid, 0) == nil && living(g.pid) }
