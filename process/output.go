package process

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	maxLine = 64 << 10 // a longer line is forwarded in pieces
	maxTail = 64 << 10 // of stderr, kept for the error of a worker that dies
)

// output forwards what workers print, whole lines at a time.
type output struct {
	tag   bool
	mu    sync.Mutex // one line at a time, over all workers
	sinks [2]io.Writer
}

func (out *output) init(o *options) {
	out.tag = o.tag
	out.sinks = [2]io.Writer{o.stdout, o.stderr}
}

// forwarder reads one stream of one worker.
type forwarder struct {
	out  *output
	sink io.Writer
	proc *proc
	in   *os.File
	done chan struct{}

	mu   sync.Mutex
	tail []byte // the end of stderr
	keep bool
}

func (out *output) forward(in *os.File, p *proc, stderr bool) *forwarder {
	f := &forwarder{out: out, sink: out.sinks[0], proc: p, in: in, done: make(chan struct{}), keep: stderr}
	if stderr {
		f.sink = out.sinks[1]
	}
	go f.run()
	return f
}

func (f *forwarder) run() {
	defer close(f.done)
	var pending []byte
	buf := make([]byte, 4096)
	for {
		n, err := f.in.Read(buf)
		f.remember(buf[:n])
		pending = append(pending, buf[:n]...)
		cut := bytes.LastIndexByte(pending, '\n') + 1
		if cut == 0 && len(pending) >= maxLine || err != nil {
			cut = len(pending)
		}
		f.print(pending[:cut])
		pending = append(pending[:0], pending[cut:]...)
		if err != nil {
			return
		}
	}
}

func (f *forwarder) print(lines []byte) {
	if len(lines) == 0 {
		return
	}
	f.out.mu.Lock()
	defer f.out.mu.Unlock()
	for line := range bytes.Lines(lines) {
		if f.out.tag {
			line = append(f.proc.owner.tag(), line...)
		}
		f.sink.Write(line)
	}
}

// tag says which worker printed a line, and during which item.
func (o *owner) tag() []byte {
	o.reach.RLock()
	defer o.reach.RUnlock()
	if o.proc != nil && o.pool.slots == 1 {
		if item, ok := o.proc.requests.Running(); ok {
			return fmt.Appendf(nil, "[%d #%d] ", o.id, item)
		}
	}
	return fmt.Appendf(nil, "[%d] ", o.id)
}

func (f *forwarder) remember(b []byte) {
	if !f.keep {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tail = append(f.tail, b...)
	if over := len(f.tail) - maxTail; over > 0 {
		f.tail = append(f.tail[:0], f.tail[over:]...)
	}
}

func (f *forwarder) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.tail)
}

// patience is how long output may still come after a worker's end: a process
// that a body has started, and that left the group, may hold the pipe open.
const patience = 250 * time.Millisecond

// finish reads what is left of both, then closes the pipes.
func finish(fs ...*forwarder) {
	for _, f := range fs {
		f.in.SetReadDeadline(time.Now().Add(patience))
	}
	for _, f := range fs {
		<-f.done
		f.in.Close()
	}
}
