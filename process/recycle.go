package process

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// RestartAge replaces a worker by a fresh one when it has run for that long, for
// bodies that leak or keep stale connections. It takes no more tasks then, what
// waited in it goes to other workers, and it leaves in good order when what runs
// in it has ended. Each worker leaves at its own time, at random between 90 and
// 100 % of d, so that they don't all leave at once. At least
// 100ms. Default: never.
func RestartAge(d time.Duration) Option {
	return func(o *options) error {
		o.maxAge = d
		if d < 100*time.Millisecond {
			return fmt.Errorf("RestartAge(%v): must be at least 100ms: a start takes 10 ms", d)
		}
		return nil
	}
}

// RestartRSS is [RestartAge] for workers whose memory has grown: their
// resident memory in bytes, as [MemoryLimit] counts it, each at random between 90 and
// 100 % of what is given. It is looked at four times a second while tasks run,
// also in the middle of one, whose end is waited for. At least 32 MiB. Default:
// never. Linux only.
func RestartRSS(bytes int64) Option {
	return func(o *options) error {
		o.maxRSS = bytes
		if bytes < leastMemory {
			return fmt.Errorf("RestartRSS(%d): must be at least %d bytes (32 MiB): a worker with nothing in it needs about 10 MiB", bytes, leastMemory)
		}
		return linuxOnly("RestartRSS", "memory of another process")
	}
}

// jittered is n less up to a tenth.
func jittered(n int64) int64 { return n - rand.Int64N(n/10+1) }

// term is how long one life of a worker may last.
type term struct {
	over   atomic.Bool // it takes no more tasks
	timer  *time.Timer
	maxRSS int64
}

// beginTerm is called once the worker serves.
func (o *owner) beginTerm() {
	t, p := &o.proc.term, o.pool
	if p.maxAge > 0 {
		t.timer = time.AfterFunc(time.Duration(jittered(int64(p.maxAge))), func() { t.over.Store(true); o.signal() })
	}
}

func (t *term) end() {
	if t.timer != nil {
		t.timer.Stop()
	}
}

// worn reports whether the worker has run as many tasks as it may, or for as
// long, or has grown too much.
func (o *owner) worn() bool {
	return o.proc.term.over.Load() || o.pool.restart > 0 && o.served+o.held >= o.pool.restart
}
