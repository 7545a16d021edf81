package parfor

import (
	"context"
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// start queues the task at an executor of this process, or runs it at once
// where nothing limits it.
func (s *submission[In, Out]) start() {
	if !s.admit() {
		return
	}
	s.arrange()
	f := s.future
	switch {
	case s.ctx.Err() != nil:
		f.cancel(canceled(s.ctx))
	case s.slot != nil: // that of the body which submits, and so waits
		go s.Run()
		<-f.done
	case s.engine.Local == nil:
		s.slot = new(freeSlot)
		f.home = s.slot
		go s.Run()
	default:
		s.queue()
	}
}

// queue waits for a slot without blocking the caller.
func (s *submission[In, Out]) queue() {
	f, ctx := s.future, s.ctx
	s.give = s.engine.Local
	s.slot = &permit{from: s.give}
	f.home = s.slot
	f.mu.Lock() // before the task can begin
	defer f.mu.Unlock()
	f.place = f.ledger.Enqueue(s.give, s)
	if ctx.Done() != nil {
		f.unwatch = context.AfterFunc(ctx, func() { f.cancel(canceled(ctx)) })
	}
}

// arrange completes the task's policy. Submissions without options share what
// only options change.
func (s *submission[In, Out]) arrange() {
	s.meter, s.tasks, s.parent = unwatched, argless, s.future.parent
	if s.bare {
		return
	}
	if s.name == "" {
		s.name = bodyName(s.body)
	}
	values := s.values
	s.tasks = &task.Loop{Name: s.name, Arg: func(name string) (any, []byte, bool) {
		v, ok := values[name]
		return v, nil, ok
	}, Run: runs.Add(1), Serializable: s.serializable}
}

// Run runs the task on the calling goroutine, which belongs to the future and
// holds the task's slot.
func (s *submission[In, Out]) Run() {
	if s.ctx.Err() != nil { // it may not have reached the future yet
		s.future.cancel(canceled(s.ctx))
	}
	if s.future.begin() {
		if len(s.observers) > 0 {
			s.meter, s.ctx = meter.In(s.ctx, s.name, s.engine.Kind, 1, 1, s.observers)
		}
		s.attempt(1)
	} else if s.give != nil {
		s.give.Release()
	}
}

// attempt tries the body until it succeeds or no attempt is left. The
// goroutine of a body that calls runtime.Goexit is lost: further attempts get
// another.
func (s *submission[In, Out]) attempt(n int) {
	var out Out
	var err error
	returned := false
	r := runner[In, Out]{policy: &s.policy, ctx: s.ctx, body: s.body, slot: s.slot,
		goexit: func(_, _ int, e error) { err = e }}
	defer func() {
		switch {
		case returned:
		case s.another(n, err):
			go func() {
				if s.wait(s.backoff.before(n, err)) {
					s.attempt(n + 1)
				} else {
					s.end(n, out, err)
				}
			}()
		default:
			s.end(n, out, err)
		}
	}()
	var again *rerun
	for {
		if out, err = s.try(&r, n); s.conflicted(&again, err) {
			if s.pause(again) {
				r.pass = again.pass()
				continue
			}
		}
		if !s.another(n, err) || !s.wait(s.backoff.before(n, err)) {
			break
		}
		n++
	}
	returned = true
	again.leave()
	s.end(n, out, err)
}

// pause waits until a body that conflicted may run again, on a lent slot.
func (s *submission[In, Out]) pause(r *rerun) bool {
	s.slot.Lend()
	defer s.slot.TakeBack()
	return r.block(s.ctx.Done())
}

// wait passes the time until a further attempt, on a lent slot. False means that
// the submission's context ended first: there is none then, and a slot of the
// future's own is not taken back, for that might take long.
func (s *submission[In, Out]) wait(d time.Duration) bool {
	if d <= 0 {
		return s.ctx.Err() == nil
	}
	s.slot.Lend()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
		if s.give != nil {
			s.give = nil
			return false
		}
	}
	s.slot.TakeBack()
	return s.ctx.Err() == nil
}

func (s *submission[In, Out]) another(n int, err error) bool {
	return err != nil && s.ctx.Err() == nil && s.again(s.future.index, n, err)
}

// try runs one attempt and tells who watches.
func (s *submission[In, Out]) try(r *runner[In, Out], n int) (out Out, err error) {
	f := s.future
	if !s.meter.Watched() {
		out, _, err = r.try(f.index, n, f.in)
		return out, err
	}
	shard, begin := s.meter.Shard(0), meter.Now()
	shard.Begin(f.index, n, begin)
	err = ErrGoexit // unless the body returns
	defer func() {
		flags := observe.OK
		switch {
		case err == nil:
		case s.another(n, err):
			flags = observe.Retried
			s.meter.Retry(f.index, n, err)
		default:
			flags = observe.Failed
		}
		shard.Task(begin, meter.Now()-begin, f.index, n, flags)
	}()
	out, _, err = r.try(f.index, n, f.in)
	return out, err
}

// end gives the slot back and tells everybody.
func (s *submission[In, Out]) end(n int, out Out, err error) {
	if err != nil {
		s.meter.Fail(s.future.index, n, err)
		err = failure(s.future, s.label, n, err)
	}
	if s.give != nil {
		s.give.Release()
	}
	if s.meter.Watched() {
		s.meter.End(err)
	}
	s.future.finish(out, err)
}

// freeSlot is the slot of a task that nothing limits. It has a size because
// the slot's address says whose it is.
type freeSlot struct{ _ byte }

func (*freeSlot) Lend()     {}
func (*freeSlot) TakeBack() {}

var _ engine.Starter = (*submission[int, int])(nil)
