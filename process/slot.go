package process

import (
	"context"
	"runtime/pprof"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/task"
)

// slot is a place in the worker that runs one task at a time, on a goroutine
// of its own.
type slot struct {
	*worker
	number int
	status *shm.Status
	out    *shm.Writer
	loop   *loopState
	shared *task.Ctx // for the tasks of the loop that need no context of their own
	now    int64     // the end of the task before, if this one follows at once; else 0
	in     []byte    // copy of the request, where slots share a ring
	fail   []byte    // encoded error
	writes []byte    // encoded write set
	this   attempt   // the one that runs: the slot's only one, so it costs no allocation
	wait   func()    // full

	spinner spinner
	called  func() bool
	minded  func() bool // somebody looked for the result, or there is a request
}

func newSlot(w *worker, i int) *slot {
	s := &slot{worker: w, number: i, status: w.mem.Status(i), out: w.mem.Writer(i)}
	s.wait = s.full
	s.called = func() bool { return !w.queue.Idle() }
	s.minded = func() bool { return w.mem.Bells.Waiting.Load() != attended || !w.queue.Idle() }
	return s
}

// run is the slot's goroutine. When a body ends it with runtime.Goexit, body.go
// starts another.
func (s *slot) run() {
	for {
		r, pos := s.next()
		s.task(r, pos)
	}
}

// next returns the next request. It blocks while there is none.
func (s *slot) next() (*shm.Request, uint64) {
	if r, pos, ok := s.queue.Claim(s.number); ok {
		return r, pos
	}
	s.idle()
	if s.out.Unread() > 0 && s.mem.Bells.Waiting.Load() == asleep {
		s.bell()
	}
	// One slot reads the bell; the others wait for it to find work, then the
	// next one leads.
	s.lead.Lock()
	defer s.lead.Unlock()
	for {
		if r, pos, ok := s.queue.Claim(s.number); ok {
			return r, pos
		}
		b := s.mem.Bells
		if b.Waiting.Load() == attended && s.out.Unread() > 0 {
			if spin(courtesyTime, s.minded); b.Waiting.Load() == attended && s.out.Unread() > 0 {
				s.bell()
			}
			continue
		}
		if b.Spin.Load() != 0 && s.spinner.spin(s.called) {
			continue
		}
		b.Sleeping.Store(1)
		if s.out.Unread() > 0 {
			s.bell()
		}
		if !s.queue.Idle() {
			if s.queue.Broken() {
				fail("a body overwrote the memory that it shares with the pool")
			}
			b.Sleeping.Store(0)
			continue
		}
		if err := waitByte(bellFD); err != nil {
			fail("the doorbell is gone: %v", err)
		}
	}
}

// idle leaves the slot clean while it has nothing to do.
func (s *slot) idle() {
	s.leave()
	s.now = 0
	s.status.Current.Store(0)
}

// enter makes the slot one that runs tasks of the loop.
func (s *slot) enter(id, body uint32) error {
	if s.loop != nil && s.loop.id == id {
		return nil
	}
	s.leave()
	l, err := s.loops.acquire(id, body)
	if err != nil {
		return err
	}
	s.loop = l
	pprof.SetGoroutineLabels(l.ctx)
	s.status.Loop.Store(id)
	return nil
}

func (s *slot) leave() {
	if s.shared != nil {
		s.shared.Seal()
		s.shared.End()
		s.shared = nil
	}
	if s.loop != nil {
		pprof.SetGoroutineLabels(context.Background())
		s.loops.release(s.loop)
		s.loop = nil
	}
}

// task runs one request and publishes its result.
func (s *slot) task(r *shm.Request, pos uint64) {
	start := s.now
	if start == 0 {
		start = meter.Now()
	}
	s.status.StartedAt.Store(start)
	entered := s.enter(r.Loop, r.Body)
	s.status.Current.Store(pos + 1)
	in, release, err := s.queue.Payload(r)
	t := r.Task
	if s.mem.Slots() > 1 {
		if release == nil {
			s.in = append(s.in[:0], in...)
			in = s.in
		}
		s.queue.HandOff(r, pos, s.number)
	}
	if err == nil {
		err = entered
	}
	a := &s.this
	*a = attempt{slot: s, task: t, pos: pos, start: start, release: release}
	if err != nil {
		a.finish(nil, nil, nil, err, false)
		return
	}
	a.run(in)
}

// context returns what the body gets. Where no dictionary, timeout, retry or
// group needs to tell tasks apart, the tasks of a loop share one.
func (s *slot) context(t shm.Task, pos uint64) (*task.Ctx, context.CancelFunc) {
	if s.shared != nil && t.Attempt == 1 {
		s.shared.Index = int(t.Index)
		return s.shared, nil
	}
	tc := &task.Ctx{Context: s.loop.ctx, Attempt: task.Attempt{
		Index: int(t.Index), Number: int(t.Attempt), Worker: s.number, Loop: &s.loop.shared, Token: task.ClaimantOf(s.identity.Life, pos+1)}}
	if s.loop.timeout > 0 {
		ctx, cancel := context.WithTimeoutCause(s.loop.ctx, s.loop.timeout, errLate)
		tc.Context = ctx
		return tc, cancel
	}
	if !task.NeedIdentity && t.Attempt == 1 && s.loop.shared.Group == nil && len(s.loop.shared.Journal) == 0 {
		s.shared = tc
	}
	return tc, nil
}

// verdict waits until the pool has decided what the slot has published. Where
// tasks conflict, one that may conflict waits for its own before the next one
// begins; else a task waits that reads what an undecided one has written (see
// task.Undecided).
func (s *slot) verdict() {
	s.await(s.number, s.out.Published())
	s.now = 0 // the wait is not the next task's
}

// await waits until the pool has decided that many results of a slot.
func (w *worker) await(slot int, count uint64) {
	b, st := w.mem.Bells, w.mem.Status(slot)
	b.Urgent.Add(1)
	defer b.Urgent.Add(^uint32(0))
	w.bell()
	if b.Spin.Load() == 0 || !spin(spinTime, func() bool { return st.Read.Load() >= count }) {
		st.Await(count)
	}
}

// full waits a little for the pool to read results.
func (s *slot) full() {
	s.bell()
	time.Sleep(50 * time.Microsecond)
	s.now = 0 // the wait is not the next task's
}
