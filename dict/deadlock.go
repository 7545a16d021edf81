package dict

import (
	"container/list"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"time"

	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// ErrDeadlock is the error of a wait that nobody can end: every task that runs
// waits, no other can start, and code outside tasks has nothing to do with what
// they wait for. One of the waits, the youngest, ends with it; once its task has
// failed, what it held may wake others.
//
// Nothing is called a deadlock that might be none: not while a submitted task is
// open or a task runs a loop of its own, not where a wait has a deadline, and
// not on an object that code outside tasks has used to wake tasks, or that was
// made with [FromOutside].
var ErrDeadlock = errors.New("deadlock: every task waits, and none is left that could wake one: have somebody put, set, close or release what they wait for, or make it with FromOutside if code outside tasks does")

func init() {
	errwire.Later(func() (map[string]error, []*errwire.Kind) {
		return map[string]error{
			"dict.ErrDeadlock":      ErrDeadlock,
			"dict.ErrQueueClosed":   ErrQueueClosed,
			"dict.ErrBrokenBarrier": ErrBrokenBarrier,
			"dict.ErrTooWide":       ErrTooWide,
		}, nil
	})
}

// WaitOption changes how an object treats those who wait for it.
type WaitOption func(*waitOptions)

type waitOptions struct{ outside bool }

// FromOutside says that code outside tasks, or a goroutine that a body started,
// will wake tasks that wait for this object: a wait for it is no [ErrDeadlock].
func FromOutside() WaitOption { return func(o *waitOptions) { o.outside = true } }

func waitOptionsOf(opts []WaitOption) (o waitOptions) {
	for _, f := range opts {
		f(&o)
	}
	return o
}

// sleeper is a task that waits, at the owner.
type sleeper struct {
	loop   *task.Loop // of a task in this process
	worker asking     // of a task in a worker process
	awake  func() bool
	open   func() bool // code outside tasks may wake it
	doomed chan struct{}
	at     *list.Element
}

// bed has the sleepers that do nothing but sleep, and that no clock wakes.
var bed struct {
	sync.Mutex
	all list.List
}

// asking says which task of a worker process asks.
type asking struct {
	by, program, run uint64
	sure             bool // the task does nothing else meanwhile, and no clock wakes it
}

// When a sleeper looks whether all others sleep as well: soon, then ever more
// seldom. Only the one that sleeps longest looks.
const (
	firstLook = 10 * time.Millisecond
	lastLook  = time.Second / 2
)

// sleep blocks until done, until closed, with ErrClosed, until the end of ctx,
// with its cause, or until the sleeper is found to be in a deadlock. A task in this process lends its slot
// meanwhile.
func (s *sleeper) sleep(ctx context.Context, a *task.Attempt, done, closed <-chan struct{}) error {
	var ended chan struct{}
	sure := s.worker.sure
	if a != nil {
		if _, clock := ctx.Deadline(); !inBody() {
			ended = make(chan struct{})
			if !a.AtEnd(func() { close(ended) }) {
				return ErrTaskDone
			}
		} else {
			sure, s.loop = !clock && a.Parent == nil, a.Loop
		}
		if a.Slot != nil {
			a.Slot.Lend()
			defer a.Slot.TakeBack()
		}
	}
	if sure {
		woken := s.awake
		if s.awake = func() bool { return woken() || ctx.Err() != nil }; s.worker.sure {
			s.awake = func() bool { return woken() || writeset.Dead(s.worker.by) }
		}
		s.lie()
		defer s.rise()
	}
	var look <-chan time.Time
	for wait := firstLook; ; wait = min(2*wait, lastLook) {
		if sure { // the timer is collected if it isn't needed any more
			look = time.After(wait)
		}
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-closed:
			return ErrClosed
		case <-s.doomed:
			return ErrDeadlock
		case <-ended:
			return ErrTaskDone
		case <-look:
			if s.look() {
				wait = firstLook / 2 // there may be more of it
			}
		}
	}
}

func (s *sleeper) lie() {
	s.doomed = make(chan struct{})
	bed.Lock()
	defer bed.Unlock()
	s.at = bed.all.PushBack(s)
}

func (s *sleeper) rise() {
	bed.Lock()
	defer bed.Unlock()
	if s.at != nil {
		bed.all.Remove(s.at)
	}
}

// look finds out whether nobody is left who could wake anybody, and then wakes
// the youngest sleeper with ErrDeadlock. It reports whether it did.
//
// It is exact because nobody gets up while it looks and isn't seen: who was
// woken stays awake, so sleepers that sleep at the end have slept all the time;
// whoever else stirs a loop would have had to be awake when it was looked at.
func (s *sleeper) look() bool {
	bed.Lock()
	defer bed.Unlock()
	if bed.all.Front() != s.at {
		return false
	}
	asleep := &task.Asleep{Loops: map[*task.Loop]int{}, Runs: map[[2]uint64]int{}, Programs: map[uint64]int{}}
	var last *sleeper
	for e := bed.all.Front(); e != nil; e = e.Next() {
		if o := e.Value.(*sleeper); !o.open() && !o.awake() {
			last = o
			if o.loop != nil {
				asleep.Loops[o.loop]++
			} else {
				asleep.Runs[[2]uint64{o.worker.program, o.worker.run}]++
				asleep.Programs[o.worker.program]++
			}
		}
	}
	if last == nil {
		return false
	}
	stuck, version := task.AllStuck(asleep)
	if !stuck {
		return false
	}
	for e := bed.all.Front(); e != nil; e = e.Next() {
		if o := e.Value.(*sleeper); o.open() || o.awake() {
			return false
		}
	}
	if stuck, now := task.AllStuck(asleep); !stuck || now != version {
		return false
	}
	bed.all.Remove(last.at)
	last.at = nil
	close(last.doomed)
	return true
}

// inBody reports whether the goroutine is the one that a body was called on,
// and not one that the body started, which may wait while the body goes on.
func inBody() bool {
	var pcs [256]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if strings.HasPrefix(f.Function, "parfor.dev/parfor.(*runner[") || f.Function == "parfor.dev/parfor/process.(*attempt).run" {
			return true
		}
	}
	return false
}
