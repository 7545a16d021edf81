package process

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"

	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/wire"
)

// profiler takes profiles of the worker it is in.
type profiler struct {
	mu   sync.Mutex
	stop map[uint64]context.CancelFunc // of those under way
}

// order obeys a frame of the pool: begin a profile, or stop one.
func (p *profiler) order(up *wire.Writer, b []byte) error {
	id, stop, order, err := wire.DecodeCall(b)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if stop != 0 {
		if cancel := p.stop[id]; cancel != nil {
			cancel()
		}
		return nil
	}
	if len(order) < 8 {
		return errors.New("parfor: an order of a profile is cut short")
	}
	if p.stop == nil {
		p.stop = map[uint64]context.CancelFunc{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.stop[id] = cancel
	name, d := string(order[8:]), time.Duration(binary.LittleEndian.Uint64(order))
	go func() {
		defer p.done(id)
		if err := record(ctx, name, d, &parts{up, id}); err != nil {
			up.Write(wire.Profiled, wire.AppendCall(nil, id, profileError, []byte(err.Error())))
			return
		}
		up.Write(wire.Profiled, wire.AppendCall(nil, id, profileEnd, nil))
	}()
	return nil
}

func (p *profiler) done(id uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop[id]()
	delete(p.stop, id)
}

// parts sends what is written to it.
type parts struct {
	up *wire.Writer
	id uint64
}

// maxPart keeps other frames from waiting long.
const maxPart = 256 << 10

func (p *parts) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		part := b[n:min(len(b), n+maxPart)]
		err = p.up.Write(wire.Profiled, wire.AppendCall(nil, p.id, profilePart, part))
		n += len(part)
	}
	return n, err
}

// record writes one profile.
func record(ctx context.Context, name string, d time.Duration, w io.Writer) error {
	switch name {
	case "cpu":
		if err := pprof.StartCPUProfile(w); err != nil {
			return err
		}
		sleep(ctx, d)
		pprof.StopCPUProfile()
		return nil
	case "trace":
		if err := trace.Start(w); err != nil {
			return err
		}
		sleep(ctx, d)
		trace.Stop()
		return nil
	case "block":
		if d > 0 {
			runtime.SetBlockProfileRate(1)
			sleep(ctx, d)
			defer runtime.SetBlockProfileRate(0)
		}
	case "mutex":
		if d > 0 {
			defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
			sleep(ctx, d)
		}
	case "heap":
		runtime.GC() // else it is as of the last collection
	}
	p := pprof.Lookup(name)
	if p == nil {
		return fmt.Errorf("there is none of this name: there are %q, and what the program made with pprof.NewProfile", profileNames)
	}
	return p.WriteTo(w, 0)
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// bodyLabels are contexts with a loop's labels for profiles, as parfor's on
// goroutines are, by the number of the body: a loop that comes without a name is
// called by it. To make one costs a third of a microsecond, to wear it 20 ns.
type bodyLabels struct {
	bodies []*registry.Body
	made   []context.Context
}

// of returns those of a body. The lock of loops is held.
func (l *bodyLabels) of(body uint32) context.Context {
	if l.made == nil {
		l.bodies = registry.All()
		l.made = make([]context.Context, len(l.bodies))
	}
	if int(body) >= len(l.made) {
		return context.Background()
	}
	if l.made[body] == nil {
		l.made[body] = labelled(l.bodies[body].Name)
	}
	return l.made[body]
}

func labelled(loop string) context.Context {
	return pprof.WithLabels(context.Background(), pprof.Labels("parfor_loop", loop, "parfor_executor", "processes"))
}
