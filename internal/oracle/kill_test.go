package oracle

import (
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

// killer knows the workers' processes as an observer, and kills one of them at
// random when it is told to.
type killer struct {
	mu    sync.Mutex
	pids  map[int]bool
	kills int
	spare int // results since the last kill
}

func newKiller() *killer { return &killer{pids: map[int]bool{}} }

// often kills a worker about every 100 ms until stop is called, but never one
// after the other without results between: on a slow machine a worker may need
// longer than that to begin.
func (k *killer) often() (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case <-quit:
				return
			case <-time.After(50*time.Millisecond + rand.N(100*time.Millisecond)):
				if k.progressed() {
					k.kill()
				}
			}
		}
	}()
	return func() { close(quit); <-gone }
}

// progress tells that there is a result.
func (k *killer) progress() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spare++
}

func (k *killer) progressed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.spare < 20 {
		return false
	}
	k.spare = 0
	return true
}

// kill ends one worker. A process that has ended is a zombie, whose number is
// not given out again, until the pool says that it is down.
func (k *killer) kill() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for pid := range k.pids {
		delete(k.pids, pid)
		if p, err := os.FindProcess(pid); err == nil && p.Signal(syscall.SIGKILL) == nil {
			k.kills++
		}
		return
	}
}

func (k *killer) Start(observe.Start) {}
func (k *killer) Frame(observe.Frame) {}
func (k *killer) End(observe.End)     {}

func (k *killer) Event(e observe.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch e.Kind {
	case observe.WorkerUp:
		k.pids[e.PID] = true
	case observe.WorkerDown:
		delete(k.pids, e.PID)
	}
}

// killed is run on worker processes of which one is killed now and then.
func killed(t *testing.T, s setting, opts ...process.Option) (*outcome, error) {
	pool, err := process.NewPool(t.Context(), 4, opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	k := newKiller()
	defer k.often()()
	s.kills, s.progress = true, k.progress
	o, err := run(t.Context(), pool, s, parfor.Observe(k))
	k.mu.Lock()
	defer k.mu.Unlock()
	o.failed["kills"] = k.kills
	return o, err
}
