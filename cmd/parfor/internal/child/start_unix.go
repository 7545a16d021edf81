//go:build unix

package child

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How long a fork is tried while the system has no room for a process, or
// another process still has the program open for writing.
const (
	startPatience = 5 * time.Second
	busyPatience  = 250 * time.Millisecond
)

// devNull is there from the start, for all commands: tests that look for files
// left open don't see it come.
var devNull, devNullErr = os.OpenFile(os.DevNull, os.O_RDWR, 0)

// start makes the pipes and starts the command.
func (j *job) start(ctx context.Context, path string) (feed *feeder, err error) {
	for i := range j.polls {
		j.polls[i] = unix.PollFd{Fd: -1, Events: unix.POLLIN}
	}
	var theirs []int // ends for the command, closed here once it has them
	defer func() {
		for _, fd := range theirs {
			unix.Close(fd)
		}
		if err != nil {
			j.close()
			feed.stop(0)
		}
	}()
	stdin, err := j.openInput(&feed, &theirs)
	if err != nil {
		return feed, explained(j.c, path, err)
	}
	files := [3]uintptr{stdin}
	for s := range 2 {
		r, w, err := pipe()
		if err != nil {
			return feed, explained(j.c, path, os.NewSyscallError("pipe", err))
		}
		theirs = append(theirs, w)
		j.polls[s].Fd = int32(r)
		files[1+s] = uintptr(w)
	}
	return feed, j.fork(ctx, path, files[:])
}

// openInput returns what the command reads.
func (j *job) openInput(feed **feeder, theirs *[]int) (uintptr, error) {
	if f, ok := j.c.StdinFrom.(*os.File); ok && f != nil {
		return f.Fd(), nil
	}
	if len(j.c.Stdin) == 0 && j.c.StdinFrom == nil {
		if devNullErr != nil {
			return 0, devNullErr
		}
		return devNull.Fd(), nil
	}
	r, w, err := pipe()
	if err != nil {
		return 0, os.NewSyscallError("pipe", err)
	}
	*theirs = append(*theirs, r)
	unix.SetNonblock(w, true)
	if j.c.StdinFrom != nil {
		*feed = newFeeder(j.c, os.NewFile(uintptr(w), "input"))
		return uintptr(r), nil
	}
	j.stdin = j.c.Stdin
	j.polls[input] = unix.PollFd{Fd: int32(w), Events: unix.POLLOUT}
	j.feed() // mostly all of it fits, and poll needn't look
	return uintptr(r), nil
}

// fork starts the command, again and again while there is no room for it.
func (j *job) fork(ctx context.Context, path string, files []uintptr) error {
	attr := &syscall.ProcAttr{Dir: j.c.Dir, Env: environment(j.c.Env), Files: files}
	pidfd := -1
	attr.Sys = attributes(&pidfd)
	j.c.Guard.Start()
	begin := time.Now()
	for wait := time.Millisecond; ; wait = min(2*wait, startPatience/20) {
		pid, err := syscall.ForkExec(path, j.c.Argv, attr)
		if err == nil {
			j.group = &group{pid: pid, grace: orDefault(j.c.Grace, DefaultGrace)}
			j.guarded = j.c.Guard.Add(pid)
			if err := j.await(pidfd); err != nil {
				j.c.Guard.Remove(j.guarded)
				return err
			}
			return nil
		}
		if time.Since(begin) >= worthRetrying(err) {
			return explained(j.c, path, err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// worthRetrying is how long an error of fork may go away by itself.
func worthRetrying(err error) time.Duration {
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM):
		return startPatience
	case errors.Is(err, syscall.ETXTBSY): // golang.org/issue/22315
		return busyPatience
	}
	return 0
}

// await makes the end of the command something that poll sees: its pidfd, or
// else a pipe that a goroutine closes after waiting for it.
func (j *job) await(pidfd int) error {
	g := j.group
	if pidfd >= 0 {
		j.polls[ended].Fd = int32(pidfd)
		g.wait = func() (syscall.WaitStatus, error) { return reap(g.pid) }
		return nil
	}
	var status syscall.WaitStatus
	var err error
	done := make(chan struct{})
	r, w, pipeErr := pipe()
	if pipeErr != nil { // rare, and the command runs: it is ended again
		g.signal(syscall.SIGKILL)
		reap(g.pid)
		return explained(j.c, j.c.Argv[0], os.NewSyscallError("pipe", pipeErr))
	}
	j.polls[ended].Fd = int32(r)
	go func() {
		status, err = reap(g.pid)
		g.commandEnded() // its number is free, whatever poll knows
		unix.Close(w)
		close(done)
	}()
	g.wait = func() (syscall.WaitStatus, error) { <-done; return status, err }
	return nil
}

func reap(pid int) (status syscall.WaitStatus, err error) {
	for {
		if _, err = syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			return status, os.NewSyscallError("wait", err)
		}
	}
}

// feeder copies a reader to the input of a command.
type feeder struct {
	to   *os.File
	done chan struct{}
}

func newFeeder(c *Command, to *os.File) *feeder {
	f := &feeder{to, make(chan struct{})}
	go func() {
		defer close(f.done)
		io.Copy(f.to, c.StdinFrom) // that the command reads no more is its own affair
		f.to.Close()
	}()
	return f
}

// stop ends the copy, but for a Read that takes longer.
func (f *feeder) stop(patience time.Duration) {
	if f == nil {
		return
	}
	f.to.Close()
	select {
	case <-f.done:
	case <-time.After(patience):
	}
}
