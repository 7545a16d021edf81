package agent

import (
	"errors"
	"fmt"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/task"
)

// A loop that is over by the time the executor has it leaves nothing there: the
// executor would wait for its end for ever.
func TestOverWhileItBegins(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("late=%v", late), func(t *testing.T) {
			r := newRig(t)
			w := newWork(r.Agent, r.lane, r.id)
			over := func() { w.end(task.ErrStopped, true) }
			if late {
				r.x.attaching = over
			} else {
				over()
			}
			if err := w.attach(&wire.Spec{Body: "body"}); err != nil {
				t.Fatal(err)
			}
			want(t, "jobs that the executor has", r.x.attached, 0)
			if r.x.wasOffered != late {
				t.Errorf("it was offered to the executor: %v", r.x.wasOffered)
			}
		})
	}
}

// Every item of a loop that can't run fails, also one that comes later.
func TestRefusedLoop(t *testing.T) {
	r := newRig(t)
	r.x.refuses = fmt.Errorf("%w: not here", parfor.ErrNotRegistered)
	r.spec()
	for n := range 2 {
		r.send(uint64(n), wire.Item{Index: n})
		r.pull()
		if kind := r.verdict(n, 0); kind != wire.Failed {
			t.Errorf("item %d: %v", n, kind)
		}
		r.eventually("the chunk is let go", func() bool { return r.holds() == 0 })
	}
}

// An executor that runs nothing any more ends the agent; the items are for others.
func TestBrokenExecutor(t *testing.T) {
	r := newRig(t)
	r.x.refuses = errors.New("no workers")
	r.spec()
	r.send(1, wire.Item{})
	r.pull()
	<-r.Failed()
	if r.Err() != r.x.refuses {
		t.Errorf("the agent ended with %v", r.Err())
	}
	for _, w := range r.all() {
		w.handBack(func(*held) bool { return true })
	}
	if kind := r.verdict(0, 0); kind != wire.Unstarted {
		t.Errorf("the item: %v", kind)
	}
}
