package owner

import (
	"sync"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

// owners are those that live, by their number: a question of a task that waits
// names its own.
var owners sync.Map

func init() {
	others := task.WidthOf
	task.WidthOf = func(program, run uint64) int {
		if o, ok := owners.Load(program); ok {
			return o.(*Owner).width(run)
		}
		if others != nil {
			return others(program, run)
		}
		return 0
	}
}

// width says how many tasks of a loop run at once, 0 if it is over.
func (o *Owner) width(run uint64) int {
	o.mu.Lock()
	l := o.open[names.Loop{Program: o.id, Run: run}]
	o.mu.Unlock()
	if l == nil {
		return 0
	}
	n := o.roster.at(l.lane)
	if w := l.spec.Workers; w > 0 {
		n = min(n, w)
	}
	return n
}

// remote is the owner as loops see it.
type remote struct{ *Owner }

// Remote is the owner as an executor.
func (o *Owner) Remote() engine.Remote { return remote{o} }

// Program and Run are how tasks at agents name owner and loop.
func (r remote) Program() uint64 { return r.number }

// Run is the loop's number.
func (l *loop) Run() uint64 { return l.id.Run }
