package process

import (
	"fmt"
	"time"
)

// defaultSilence is after how long a worker counts as frozen.
const defaultSilence = 30 * time.Second

// Heartbeat is how long a worker may show no sign of life while it has a task,
// running or waiting: a process that was stopped (SIGSTOP), is held by a debugger
// or sits in a frozen control group would otherwise keep its items for ever. It
// is then killed; what waited in it goes to other workers, and what ran fails
// with a *parfor.WorkerError of the cause parfor.Frozen. Default: 30s; 0 turns it
// off, for who debugs a worker; else at least 100ms.
//
// A goroutine of the worker moves a word of shared memory once a second (four
// times in d, if that is less). That goes on while bodies compute, loop without
// end or wait in C; and on Linux a process that uses processor time, or waits for
// a processor, is not frozen anyway. Time in which the program itself was stopped
// doesn't count.
func Heartbeat(d time.Duration) Option {
	return func(o *options) error {
		o.silence = d
		if d != 0 && d < 100*time.Millisecond {
			return fmt.Errorf("Heartbeat(%v): must be at least 100ms, or 0 for none", d)
		}
		return nil
	}
}

// interval is how often a worker moves its word.
func (l *limits) interval() time.Duration { return min(time.Second, l.silence/4) }

// beat is a goroutine of the worker.
func (w *worker) beat(every time.Duration) {
	st := w.mem.Status(0)
	for range time.Tick(every) {
		st.Beat.Add(1)
	}
}

// pulse is the last sign of life of a worker that the supervisor has seen.
type pulse struct {
	beat    uint32
	cpu     time.Duration
	silence time.Duration // in the supervisor's own ticks, see seen
}

// frozen reports whether the worker has been silent for too long, and in which
// state it is.
func (b *pulse) frozen(o *owner, step time.Duration) (state string, yes bool) {
	limit := o.pool.silence
	if limit == 0 {
		return "", false
	}
	now := pulse{beat: o.proc.mem.Status(0).Beat.Load()}
	now.cpu, _ = cpuOf(o.proc.pid)
	if o.load.Load() == 0 || now.beat != b.beat || now.cpu != b.cpu {
		*b = now
		return "", false
	}
	if b.silence += step; b.silence <= limit {
		return "", false
	}
	state, starved := stateOf(o.proc.pid)
	if starved { // all it lacks is a processor
		*b = now
		return "", false
	}
	return state, true
}
