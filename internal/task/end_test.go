package task_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor/internal/task"
)

func TestEndRunsHooksOnceLastFirst(t *testing.T) {
	var a task.Attempt
	var got []int
	for i := range 3 {
		if !a.AtEnd(func() { got = append(got, i) }) {
			t.Fatal("refused before the end")
		}
	}
	a.Seal() // a body left behind is sealed long before it returns
	if len(got) > 0 {
		t.Error("Seal ran hooks")
	}
	a.End()
	a.End()
	if !slices.Equal(got, []int{2, 1, 0}) {
		t.Errorf("got %v", got)
	}
	if a.AtEnd(func() { t.Error("ran") }) {
		t.Error("accepted after the end")
	}
}

func TestExitWorkerJoinsErrors(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	var got []int
	task.OnWorkerExit(func() error { got = append(got, 1); return one })
	task.OnWorkerExit(func() error { got = append(got, 2); return two })
	err := task.ExitWorker()
	if !errors.Is(err, one) || !errors.Is(err, two) || !slices.Equal(got, []int{2, 1}) {
		t.Errorf("%v, order %v", err, got)
	}
	if err := task.ExitWorker(); err != nil || len(got) != 2 {
		t.Errorf("a second time: %v", err)
	}
}

// A hook that ends its goroutine keeps no other from running.
func TestExitHooksThatPanicOrExit(t *testing.T) {
	ran := 0
	task.OnWorkerExit(func() error { ran++; return nil })
	task.OnWorkerExit(func() error { panic("hook") })
	task.OnWorkerExit(func() error { runtime.Goexit(); return nil })
	err := task.ExitWorker()
	if ran != 1 || err == nil || !strings.Contains(err.Error(), "panicked: hook") || !strings.Contains(err.Error(), "Goexit") {
		t.Errorf("%d, %v", ran, err)
	}
}

// What an agent passes on of a loop reaches the workers' tasks.
func TestThrough(t *testing.T) {
	var l task.Loop
	task.Give(&l, []task.Arg{{Name: task.OriginArg, Encoded: task.AppendOrigin(nil, [2]uint64{7, 9})}, {Name: task.ReachArg, Encoded: task.AppendReach(nil, 5)}})
	a := &task.Attempt{Loop: &task.Loop{}, Parent: &task.Attempt{Loop: &l, Token: task.ClaimantOf(3, 4)}}
	if l.Origin != [2]uint64{7, 9} || l.Reach != 5 || l.Recorded {
		t.Errorf("%v, %d, %v", l.Origin, l.Reach, l.Recorded)
	}
	// Its claimants are like no worker's that this program started, and no task's
	// of its own.
	if by := a.Claimant(); by>>62 != 1 || by != a.Claimant() {
		t.Errorf("claimant %#x, then %#x", by, a.Claimant())
	}
	var plain task.Loop
	task.Give(&plain, []task.Arg{{Name: task.RecordedArg}})
	if plain.Origin != [2]uint64{} || plain.Reach != 0 || !plain.Recorded {
		t.Errorf("%+v, %v, %v", plain.Origin, plain.Reach, plain.Recorded)
	}
}

// A loop whose tasks are kept from dictionaries says so.
func TestApart(t *testing.T) {
	l := task.Loop{Apart: errors.New("not here")}
	a := &task.Attempt{Loop: &task.Loop{}, Parent: &task.Attempt{Loop: &l}}
	if _, _, err := a.Enter(nil); err != l.Apart {
		t.Error(err)
	}
}
