package process

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/wire"
)

// proc is one worker process, seen from its owner.
type proc struct {
	owner    *owner
	process  *os.Process
	pid      int
	mem      *shm.Memory
	requests *shm.Requests
	readers  []*shm.Reader
	up       *os.File // what it says
	bell     *os.File
	bellConn syscall.RawConn
	ctl      *outbox
	stdout   *forwarder
	stderr   *forwarder
	leaving  bool // it was asked to end
	fate     *fate
	term     term
	tempDir  string
	logged   uint64 // bytes of its log that the relay has dealt with
	profiles profiles
	peak     peak

	read  chan struct{} // closed when its pipe has ended
	hello atomic.Bool
	ended atomic.Bool
	some  atomic.Bool // something in mail

	reaping sync.Mutex
	reaped  bool // its number may be another process's by now

	mu   sync.Mutex
	mail struct {
		fingerprint uint64
		calls       []upcall
		ready       bool  // the initializer has returned
		init        error // ... with this error
		exit        error // of the exit hooks
		dump        []byte
		bad         error
	}
}

// upcall is a request of the worker to its owner.
type upcall struct {
	id      uint64
	kind    uint8
	payload []byte
}

// listen reads what the worker says until it ends.
func (p *proc) listen() {
	defer close(p.read)
	defer p.up.Close()
	in := wire.NewReader(p.up, wire.MaxPayload)
	for {
		t, b, err := in.Next()
		if t == wire.Log && err == nil {
			err = p.owner.pool.relay.take(p, b)
		} else if t == wire.Profiled && err == nil {
			err = p.profiles.take(b)
		} else if err == nil && t != wire.Bell {
			err = p.post(t, b)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
				p.blame(err)
				p.kill()
			}
			p.profiles.end()
			p.ended.Store(true)
			p.owner.signal()
			return
		}
		p.owner.signal()
	}
}

func (p *proc) post(t wire.Type, b []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := &p.mail
	switch t {
	case wire.Hello:
		if len(b) != 8 {
			return fmt.Errorf("parfor: a hello of %d bytes", len(b))
		}
		m.fingerprint = binary.LittleEndian.Uint64(b)
		p.hello.Store(true)
		if p.owner.pool.init == "" {
			p.owner.pool.started()
		}
	case wire.Ready:
		m.ready = true
		p.owner.pool.started()
	case wire.InitFailed:
		m.init = errwire.Decode(b)
	case wire.Leaving:
		m.exit = errwire.Decode(b)
	case wire.Dump:
		m.dump = append([]byte(nil), b...)
	case wire.Call:
		id, kind, payload, err := wire.DecodeCall(b)
		if err != nil {
			return err
		}
		m.calls = append(m.calls, upcall{id, kind, append([]byte(nil), payload...)})
	default:
		return fmt.Errorf("parfor: a worker sent a frame of type %d", t)
	}
	p.some.Store(true)
	return nil
}

// started forgets failed starts once one has worked.
func (p *Pool) started() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strikes, p.proven = 0, true
}

// mismatch reports a worker that doesn't know the same functions.
func (p *proc) mismatch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mail.fingerprint != registry.Fingerprint() {
		return errors.New("parfor: the worker registered other functions than this program: register in package variables only, not depending on arguments, files or time")
	}
	return nil
}

// takeCalls returns the requests that came. Results that the worker finished
// before them are to be drained first: the owner calls it after it drained.
func (p *proc) takeCalls() []upcall {
	if !p.some.Load() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.mail.calls
	p.mail.calls = nil
	p.some.Store(false)
	return c
}

func (p *proc) initError() error {
	if p.owner.pool.init == "" {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mail.init
}

// died reports whether it ended in the initializer. That counts like a worker that
// can't start, since it goes on with every one that follows.
func (p *proc) died() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.owner.pool.init != "" && !p.mail.ready && p.mail.init == nil
}

func (p *proc) dump() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mail.dump
}

// serve answers a request, on a goroutine of its own.
func (p *proc) serve(c upcall, done func()) {
	defer done()
	answer, err := serveCall(c)
	if err == nil && len(answer) > maxCall {
		err = fmt.Errorf("parfor: the owner's answer has %d bytes: the limit is %d", len(answer), maxCall)
	}
	if err != nil {
		p.ctl.send(wire.Reply, wire.AppendCall(nil, c.id, 1, []byte(err.Error())))
		return
	}
	p.ctl.send(wire.Reply, wire.AppendCall(nil, c.id, 0, answer))
}

// serveCall keeps a panic of a handler, which runs registered functions of the
// user, from ending the program: the task that asked fails.
func serveCall(c upcall) (answer []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("parfor: the owner panicked: %v", v)
		}
	}()
	return call.Serve(c.kind, c.payload)
}

// ring wakes the worker. It never blocks: a worker whose memory says that it sleeps
// when it doesn't would else hold its owner up, who is the one to kill it.
func (p *proc) ring() { p.bellConn.Write(ringOnce) }

// unread is how many results wait.
func (p *proc) unread() int {
	n := uint64(0)
	for _, r := range p.readers {
		n += r.Unread()
	}
	return int(n)
}
