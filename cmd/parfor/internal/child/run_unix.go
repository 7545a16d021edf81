//go:build unix

package child

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
)

// Places in the list that poll gets, after those of Stdout and Stderr.
const (
	ended   = 2 // is readable once the command itself has ended
	input   = 3
	sources = 4
)

// holdout is how many times Linger those who keep writing get.
const holdout = 10

// job is one command while it runs. One goroutine owns it.
type job struct {
	c      *Command
	linger time.Duration
	group  *group
	polls  [sources]unix.PollFd // -1: closed
	take   [2]*capture
	stdin  []byte // what is not written yet
	buf    *[]byte
	failed error // the output couldn't be kept

	guarded int // its place in c.Guard

	over     time.Time // the command itself has ended; zero: not yet
	why      error     // it had been told to, for this reason
	until    time.Time // once over: when the pipes are given up
	last     time.Time // until goes no further than this
	told     bool      // who holds the pipes was told to end
	leftover bool
}

func run(ctx context.Context, c *Command, path string) (r Result, err error) {
	j := &job{c: c, linger: orDefault(c.Linger, DefaultLinger)}
	j.take[Stdout] = newCapture(c, Stdout, &r.Stdout)
	j.take[Stderr] = newCapture(c, Stderr, &r.Stderr)
	r.Started = time.Now()
	feed, err := j.start(ctx, path)
	if err != nil {
		return r, err
	}
	release := j.group.watch(ctx, c.Timeout)
	j.read()
	j.close()
	status, err := j.group.finish()
	c.Guard.Remove(j.guarded)
	release()
	feed.stop(j.linger)
	r.Code, r.Signal = procgroup.Code(status)
	r.Took = j.over.Sub(r.Started)
	r.Leftover = j.leftover
	r.TimedOut = errors.Is(j.why, errTimeout)
	switch {
	case j.failed != nil:
		return r, j.failed
	case j.why != nil && !r.TimedOut:
		return r, j.why
	}
	return r, err
}

// read takes the output until the command has ended and so have its pipes, or
// who holds them is given up.
func (j *job) read() {
	for j.over.IsZero() || j.polls[Stdout].Fd >= 0 || j.polls[Stderr].Fd >= 0 {
		_, err := unix.Poll(j.polls[:], j.patience())
		if err != nil && err != unix.EINTR && err != unix.EAGAIN {
			j.fail(os.NewSyscallError("poll", err))
			j.over = time.Now() // finish waits for the rest
			return
		}
		for i := range j.polls {
			if err == nil && j.polls[i].Revents != 0 {
				j.ready(i)
			}
		}
		if !j.over.IsZero() && !time.Now().Before(j.until) && !j.hurry() {
			return
		}
	}
}

// patience is how long poll may wait, in milliseconds.
func (j *job) patience() int {
	if j.over.IsZero() {
		return -1
	}
	left := time.Until(j.until)
	return int((max(left, 0) + time.Millisecond - 1) / time.Millisecond)
}

// hurry ends what still holds the pipes; false: nothing does that can be ended.
func (j *job) hurry() bool {
	if !j.told {
		j.leftover = j.why == nil
		j.tell()
		return true
	}
	now := time.Now()
	j.until = earlier(now.Add(j.step()), j.last)
	return now.Before(j.last) && living(j.group.pid)
}

// tell ends the group. It is looked at again after a while: what has left it
// and holds the pipes won't end, and isn't worth the whole grace time.
func (j *job) tell() {
	j.told = true
	j.last = j.group.terminate().Add(j.linger)
	j.until = earlier(time.Now().Add(j.step()), j.last)
}

func (j *job) step() time.Duration { return max(j.linger, 20*time.Millisecond) }

func (j *job) fail(err error) {
	if j.failed == nil {
		j.failed = err
	}
	j.group.stop(err)
}

// ready takes what one of the sources has.
func (j *job) ready(i int) {
	switch i {
	case ended:
		j.shut(ended)
		j.commandEnded()
	case input:
		j.feed()
	default:
		j.output(i)
	}
}

func (j *job) commandEnded() {
	j.over = time.Now()
	j.until, j.last = j.over.Add(j.linger), j.over.Add(holdout*j.linger)
	var stopping bool
	if j.why, stopping = j.group.commandEnded(); stopping {
		j.tell() // again, to learn when that is enforced
	}
	j.shut(input)
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// output reads once from a pipe that has something, or has ended.
func (j *job) output(i int) {
	if j.buf == nil {
		j.buf = buffers.Get().(*[]byte)
	}
	n, err := unix.Read(int(j.polls[i].Fd), *j.buf)
	switch {
	case err == unix.EINTR || err == unix.EAGAIN:
	case err != nil:
		j.fail(os.NewSyscallError("read", err))
		j.shut(i)
	case n == 0:
		j.shut(i)
	default:
		if err := j.take[i].add((*j.buf)[:n]); err != nil {
			j.fail(err)
		}
		if !j.over.IsZero() && !j.told {
			j.until = earlier(time.Now().Add(j.linger), j.last)
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// feed writes what the input takes. A command need not read it all.
func (j *job) feed() {
	n, err := unix.Write(int(j.polls[input].Fd), j.stdin)
	if err == unix.EINTR || err == unix.EAGAIN {
		return
	}
	if j.stdin = j.stdin[max(n, 0):]; err != nil || len(j.stdin) == 0 {
		j.shut(input)
	}
}

// shut closes this side's end of a source.
func (j *job) shut(i int) {
	if j.polls[i].Fd >= 0 {
		unix.Close(int(j.polls[i].Fd))
		j.polls[i].Fd = -1
	}
}

func (j *job) close() {
	for i := range j.polls {
		j.shut(i)
	}
	j.take[Stdout].end()
	j.take[Stderr].end()
	if j.buf != nil {
		buffers.Put(j.buf)
	}
}
