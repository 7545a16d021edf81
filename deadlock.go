package parfor

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

// tenants are the goroutines that run bodies on the slots of one executor. A
// body that waits for its own executor without the context it was given can't
// lend its slot; who it is can still be seen if it waits on the goroutine it
// was called on. Go has no other way to ask than the first line of a stack
// trace, about a microsecond, paid once by a worker and once by a caller that
// is about to wait.
type tenants struct{ ids sync.Map }

func (t *tenants) enter() (leave func()) {
	id := goroutineID()
	t.ids.Store(id, nil)
	return func() { t.ids.Delete(id) }
}

func (t *tenants) here() bool {
	_, here := t.ids.Load(goroutineID())
	return here
}

func goroutineID() uint64 {
	var line [64]byte
	fields := bytes.Fields(line[:runtime.Stack(line[:], false)])
	id, _ := strconv.ParseUint(string(fields[1]), 10, 64)
	return id
}

// wouldDeadlock refuses a wait for an executor's slot on a goroutine that
// holds one and, for want of the body's context, does not lend it.
func wouldDeadlock(at engine.Local, self *task.Attempt) error {
	l, ok := at.(*limit)
	if !ok || self != nil && lends(self, at) || !l.tenants.here() {
		return nil
	}
	return fmt.Errorf("%w (a loop or a wait inside a body, on the body's own executor)", ErrWouldDeadlock)
}

// lends reports whether the attempt, or one it is nested in, holds a slot of
// that executor.
func lends(a *task.Attempt, at engine.Local) bool {
	for ; a != nil; a = a.Parent {
		if p, ok := a.Slot.(*permit); ok && p.from == at {
			return true
		}
	}
	return false
}
