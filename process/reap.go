package process

import (
	"errors"
	"os"
	"time"
)

var errCutOff = errors.New("parfor: the worker closed its pipe to the pool, and was killed: a body closed a descriptor that isn't its own")

var errBroken = errors.New("parfor: the worker lost the pipes or the memory that it shares with the pool")

// lastWords is how long the pipe of a process that has ended may take to be read
// out. It is at its end at once, unless another process has it open.
const lastWords = time.Second

// kill ends the process and those its bodies started. It may be called at any
// time: a number that may be another process's by now gets no signal.
func (p *proc) kill() {
	p.reaping.Lock()
	defer p.reaping.Unlock()
	if !p.reaped {
		killGroup(p.pid)
	}
}

// end ends the process, if it hasn't ended, with its children, and reads what it
// still said. The end of its pipe is no proof that it has ended: a body may have
// closed the pipe. Nor is an open pipe that it lives: a process that a body has
// started and that left the group may hold it.
func (p *proc) end() (*os.ProcessState, error) {
	if p.ended.Load() && !endsWithin(p.pid, patience) {
		p.blame(errCutOff)
	}
	p.kill()
	awaitEnd(p.pid)
	p.up.SetReadDeadline(time.Now().Add(lastWords))
	<-p.read
	p.kill() // its children, of which some may have been on their way into the world
	p.reaping.Lock()
	defer p.reaping.Unlock()
	p.reaped = true
	return p.process.Wait()
}

// dead reports whether the process has ended, as far as the system tells.
func (p *proc) dead() bool { return hasEnded(p.pid) }

// blame notes why the process was killed, for the errors of its tasks. The first
// reason counts.
func (p *proc) blame(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mail.bad == nil {
		p.mail.bad = err
	}
}
