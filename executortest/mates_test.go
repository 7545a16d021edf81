package executortest

import (
	"errors"
	"testing"

	"parfor.dev/parfor"
)

// CrashWithMate runs four items, two at once in one process, of which item 0
// takes the process along while item 1 is at the gate.
func CrashWithMate(t *testing.T, x parfor.Executor) {
	g := newGate(t)
	in := steps(4, g.address())
	in[0].Do = exit7
	go func() {
		first, second := g.next(), g.next()
		if first.Item == 0 {
			first.let()
		} else {
			second.let()
		}
		g.next() // the mate is held at the gate, so this one runs in a new process
		g.letAll()
	}()
	out, err := parfor.Map(within(t), in, die, parfor.On(x), parfor.KeepGoing())
	for i, f := range parfor.Failed(err) {
		var we *parfor.WorkerError
		if i > 1 || !errors.As(f, &we) {
			t.Errorf("item %d: %v", i, f)
		}
	}
	if f := parfor.Failed(err); f[0] == nil {
		t.Errorf("item 0 took its process along and didn't fail: %v", err)
	}
	if out[2] == 0 || out[3] == 0 {
		t.Errorf("items that did not run in it have no results: %v", out)
	}
}
