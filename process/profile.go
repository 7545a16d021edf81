package process

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/wire"
)

// maxProfile bounds what the pool keeps of a profile until it is whole.
const maxProfile = 256 << 20

// profileNames are those that every program has. A program's own, made with
// pprof.NewProfile, can be had too.
var profileNames = []string{"cpu", "trace", "goroutine", "heap", "allocs", "threadcreate", "block", "mutex"}

// Profile writes a profile of a worker, also while it is busy, to w, in the form
// that go tool pprof reads, and go tool trace for "trace". The worker is a number
// from 0, see [Worker]; the name is that of a profile of runtime/pprof ("heap",
// "goroutine", "allocs", "block", "mutex", ...), "cpu" or "trace".
//
// It records for the time d, which "cpu" and "trace" need. "block" and "mutex"
// are gathered for that time, and no longer; with 0 they hold what the program
// itself had asked the runtime to gather. For others d is 0.
//
// Goroutines that run bodies have the labels parfor_loop and parfor_executor.
//
// Profile blocks until all is written or ctx is done, which ends the recording
// too. A worker that ends first, or one that just starts, is an error. Different
// workers, and different profiles of one, can be had at once.
func (p *Pool) Profile(ctx context.Context, worker int, name string, d time.Duration, w io.Writer) error {
	if err := p.checkProfile(worker, name, d); err != nil {
		return err
	}
	var pr *proc
	if team := p.team(); worker < len(team) {
		pr = team[worker].running()
	}
	if pr == nil {
		return fmt.Errorf("parfor: no profile of worker %d: it has no process now: try again when it has started", worker)
	}
	id, got := pr.profiles.expect()
	if got == nil {
		return errProfiled(pr, worker)
	}
	defer pr.profiles.forget(id)
	order := binary.LittleEndian.AppendUint64(nil, uint64(d))
	pr.ctl.send(wire.Profile, wire.AppendCall(nil, id, 0, append(order, name...)))
	select {
	case r, ok := <-got:
		switch {
		case !ok:
			return errProfiled(pr, worker)
		case r.err != nil:
			pr.ctl.send(wire.Profile, wire.AppendCall(nil, id, 1, nil))
			return fmt.Errorf("parfor: profile %q of worker %d: %w", name, worker, r.err)
		}
		_, err := w.Write(r.payload)
		return err
	case <-ctx.Done():
		pr.ctl.send(wire.Profile, wire.AppendCall(nil, id, 1, nil))
		return fmt.Errorf("parfor: profile %q of worker %d: %w", name, worker, context.Cause(ctx))
	}
}

func errProfiled(pr *proc, worker int) error {
	return fmt.Errorf("parfor: no profile of worker %d: its process %d has ended", worker, pr.pid)
}

func (p *Pool) checkProfile(worker int, name string, d time.Duration) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: Profile: %s", parfor.ErrOption, fmt.Sprintf(format, args...))
	}
	timed := name == "cpu" || name == "trace"
	switch {
	case p == nil:
		return parfor.ErrNoExecutor
	case worker < 0 || worker >= int(p.most.Load()):
		return bad("worker %d: there are 0 to %d", worker, p.most.Load()-1)
	case name == "":
		return bad("no name: give one of %q", profileNames)
	case d < 0, timed && d == 0:
		return bad("a duration of %v: %q needs a positive one", d, name)
	case d > 0 && !timed && name != "block" && name != "mutex":
		return bad("a duration of %v: %q is of one moment: give 0", d, name)
	}
	return nil
}

// running is the worker's process, nil if it has none that has said hello.
func (o *owner) running() *proc {
	o.reach.RLock()
	defer o.reach.RUnlock()
	if o.proc == nil || !o.proc.hello.Load() {
		return nil
	}
	return o.proc
}

// profiles are those of a worker that somebody waits for.
type profiles struct {
	mu      sync.Mutex
	over    bool // the process has ended
	next    uint64
	waiting map[uint64]*profiled
}

// profiled is one that comes in parts.
type profiled struct {
	parts bytes.Buffer
	whole chan answer // closed if the process ends first
}

// expect begins to wait for one. The channel is nil if none can come.
func (ps *profiles) expect() (id uint64, whole <-chan answer) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.over {
		return 0, nil
	}
	if ps.waiting == nil {
		ps.waiting = map[uint64]*profiled{}
	}
	ps.next++
	p := &profiled{whole: make(chan answer, 1)}
	ps.waiting[ps.next] = p
	return ps.next, p.whole
}

func (ps *profiles) forget(id uint64) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.waiting, id)
}

// Kinds of parts.
const (
	profilePart  = 0
	profileEnd   = 1
	profileError = 2
)

// take adds a part that came. What nobody waits for any more is dropped.
func (ps *profiles) take(b []byte) error {
	id, kind, part, err := wire.DecodeCall(b)
	if err != nil {
		return err
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.waiting[id]
	if p == nil {
		return nil
	}
	switch {
	case kind == profileError:
		p.whole <- answer{err: errors.New(string(part))}
	case kind == profileEnd:
		p.whole <- answer{payload: p.parts.Bytes()}
	case p.parts.Len()+len(part) > maxProfile:
		p.whole <- answer{err: fmt.Errorf("it has more than %d MiB: record for a shorter time", maxProfile>>20)}
	default:
		p.parts.Write(part)
		return nil
	}
	delete(ps.waiting, id)
	return nil
}

// end fails what is waited for: the process has ended.
func (ps *profiles) end() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.over = true
	for id, p := range ps.waiting {
		close(p.whole)
		delete(ps.waiting, id)
	}
}
