package lines

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
)

// drain is how long the pipes of a process that has ended are read, if someone
// else who left its process group still holds them.
const drain = 250 * time.Millisecond

// leaveTime is how long a process that has closed a pipe may take to end, at
// least: it closes them before its end can be seen.
const leaveTime = time.Second

const maxRest = 200 // bytes of what nobody asked for, for the error

// proc is one process, from its start to its end: running -> over (ended) ->
// done (ended, its stderr read, its group gone). watch owns the way there.
type proc struct {
	cmd  *exec.Cmd
	in   *os.File
	out  *os.File
	r    *bufio.Reader // of out
	tail *tail
	gone chan struct{} // closed when it has ended
	done chan struct{} // closed when all of it has

	answers int
	ended   ending

	mu     sync.Mutex
	limit  time.Time // of every read and write, for good: long ago; zero: none
	reaped bool      // its process id may belong to another
	killed bool      // by us
	leaves bool      // it has ended or closed its input: only what is in the pipe comes
}

// ending is how a process ended. It is valid once gone is closed.
type ending struct {
	code   int    // exit status, or 128+n for signal n
	signal string // its name; "" if it exited
	killed bool   // by us
}

type pipe struct{ r, w *os.File }

func (p pipe) close() {
	p.r.Close()
	p.w.Close()
}

// start runs the program in a process group of its own.
func start(cfg *Config, worker int) (*proc, error) {
	var in, out, errs pipe
	for i, p := range []*pipe{&in, &out, &errs} {
		var err error
		if p.r, p.w, err = os.Pipe(); err != nil {
			for _, p := range []*pipe{&in, &out, &errs}[:i] {
				p.close()
			}
			return nil, err
		}
	}
	cmd := exec.Command(cfg.Argv[0], cfg.Argv[1:]...)
	if cmd.Err != nil && find(cfg.Dir, cfg.Argv[0]) == nil {
		cmd.Err = nil // a PATH with "." in it: the user's wish
	}
	cmd.Dir, cmd.Env = cfg.Dir, append(environ(cfg), "PARFOR_SLOT="+strconv.Itoa(worker))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in.r, out.w, errs.w
	ownGroup(cmd)
	cfg.Guard.Start()
	err := cmd.Start()
	in.r.Close()
	out.w.Close()
	errs.w.Close()
	if err != nil {
		in.w.Close()
		out.r.Close()
		errs.r.Close()
		return nil, err
	}
	p := &proc{
		cmd: cmd, in: in.w, out: out.r, r: bufio.NewReaderSize(out.r, 64<<10),
		tail: newTail(errs.r, func(line []byte) { cfg.Stderr(worker, line) }),
		gone: make(chan struct{}), done: make(chan struct{}),
	}
	go p.watch(cfg.Guard, cfg.Guard.Add(cmd.Process.Pid))
	return p, nil
}

func environ(cfg *Config) []string {
	if cfg.Env == nil {
		return os.Environ()
	}
	return cfg.Env[:len(cfg.Env):len(cfg.Env)] // other workers append to it too
}

// watch waits for the end of the process, ends what it leaves behind, and reads
// the last of its stderr.
func (p *proc) watch(guard *procgroup.Guard, guarded int) {
	awaitExit(p.cmd.Process.Pid)
	p.signal(kill) // its group: while the process isn't reaped the id is nobody else's
	p.cmd.Wait()   // what it says is in ProcessState
	guard.Remove(guarded)
	p.mu.Lock()
	p.reaped = true
	p.ended = endingOf(p.cmd.ProcessState)
	p.ended.killed = p.killed
	p.mu.Unlock()
	close(p.gone)
	p.leave()
	p.tail.finish(time.Now().Add(drain))
	close(p.done)
}

// leave is told of a process that will answer no more. A read that waits gets
// what is in the pipe.
func (p *proc) leave() {
	p.mu.Lock()
	p.leaves = true
	p.mu.Unlock()
	p.readUntil(time.Time{})
}

// over reports whether the process has ended or takes no more items.
func (p *proc) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaves
}

// end closes its input, reads what it still has to say, of which it returns the
// beginning, and makes sure that it has ended.
func (p *proc) end(grace time.Duration) (rest []byte) {
	p.in.Close()
	p.readUntil(time.Now().Add(grace))
	rest = p.rest(rest) // it must not wait for a reader
	p.await(grace)
	p.stop(grace)
	p.readUntil(time.Time{})
	rest = p.rest(rest)
	p.release()
	return rest
}

// rest reads to the end or the deadline and keeps a little of it.
func (p *proc) rest(have []byte) []byte {
	more, _ := io.ReadAll(io.LimitReader(p.r, maxRest-int64(len(have))))
	io.Copy(io.Discard, p.r)
	return append(have, more...)
}

// kill makes sure that the process and its group have ended: TERM, and KILL
// after grace.
func (p *proc) kill(grace time.Duration) {
	p.stop(grace)
	p.release()
}

func (p *proc) stop(grace time.Duration) {
	select {
	case <-p.gone:
		return
	default:
	}
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	p.in.Close()
	if grace > 0 {
		p.signal(term)
		p.await(grace)
	}
	p.signal(kill)
	<-p.gone
}

// release gives back what the process held here, once it has ended.
func (p *proc) release() {
	<-p.done
	p.in.Close()
	p.out.Close()
}

func (p *proc) await(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.gone:
	case <-t.C:
	}
}

// signal goes to the whole group.
func (p *proc) signal(s groupSignal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		signalGroup(p.cmd.Process.Pid, s)
	}
}

// hurry lets no read or write, now or later, wait.
func (p *proc) hurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = time.Unix(1, 0)
	p.out.SetReadDeadline(p.limit)
	p.in.SetWriteDeadline(p.limit)
}

func (p *proc) hurried() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.limit.IsZero()
}

// readUntil lets the next reads wait until t, zero for ever; those from a process
// that has ended just long enough for what is in the pipe.
func (p *proc) readUntil(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leaves {
		if end := time.Now().Add(drain); t.IsZero() || end.Before(t) {
			t = end
		}
	}
	if !p.limit.IsZero() {
		t = p.limit
	}
	p.out.SetReadDeadline(t)
}

func (p *proc) writeUntil(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.limit.IsZero() {
		t = p.limit
	}
	p.in.SetWriteDeadline(t)
}
