package process

import (
	"runtime"

	"parfor.dev/parfor/internal/meter"
)

// Going to sleep and being woken costs each side 10 to 20 microseconds, most of
// a short task's round trip. So both look for what they wait for a little
// longer than that before they sleep, but only while there is a core for it: a
// spinning process that takes the core of the one it waits for is the slowest
// of all.
const spinTime = 40_000 // nanoseconds

// spin looks until ready or so many nanoseconds are over, and reports which.
func spin(long int64, ready func() bool) bool {
	end := meter.Now() + long
	for {
		for range 32 {
			if ready() {
				return true
			}
		}
		if meter.Now() > end {
			return false
		}
	}
}

// spinner keeps a side from spinning in vain for long: after a vain spin it
// skips one, then two, four, and so on.
type spinner struct{ vain, skip int }

func (s *spinner) spin(ready func() bool) bool {
	if s.skip > 0 {
		s.skip--
		return false
	}
	if spin(spinTime, ready) {
		s.vain = 0
		return true
	}
	s.vain = min(s.vain+1, 6)
	s.skip = 1<<s.vain - 1
	return false
}

// roomToSpin reports whether there is a core for each busy worker and one more.
func (p *Pool) roomToSpin() bool { return int(p.busy.Load()) < cores }

var cores = runtime.NumCPU()

// loaded keeps the pool's count of busy workers, and tells the worker whether
// it may spin.
func (o *owner) loaded() {
	o.load.Store(int32(o.held))
	if busy := o.held > 0; busy != o.busy {
		o.busy = busy
		if busy {
			o.pool.busy.Add(1)
			o.pool.supervisor.rouse()
		} else {
			o.pool.busy.Add(-1)
		}
	}
	if o.proc == nil {
		return
	}
	may := uint32(0)
	if o.pool.slots == 1 && o.pool.roomToSpin() {
		may = 1
	}
	if b := o.proc.mem.Bells; b.Spin.Load() != may {
		b.Spin.Store(may)
	}
}
