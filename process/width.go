package process

import (
	"sync"

	"parfor.dev/parfor/internal/task"
)

// pools are those that live, by their number: a worker's question names its own.
var pools sync.Map

func init() { task.WidthOf = widthOf }

// widthOf says how many tasks of a loop run at once, 0 if it is over.
func widthOf(program, run uint64) int {
	v, ok := pools.Load(program)
	if !ok {
		return 0
	}
	p := v.(*Pool)
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.jobs[uint32(run)]
	switch {
	case a == nil:
		return 0
	case a.spec.Workers > 0:
		return min(a.spec.Workers, p.Slots())
	}
	return p.Slots()
}
