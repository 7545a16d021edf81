package parfor

import "time"

// start is one worker goroutine of a stream in this process.
func (s *stream[In, Out]) start(w int) {
	var ref int32
	var attempt int
	defer s.workers.Done()
	defer s.live.Add(-1)
	wk := newWorker(s.loop, w, s.body)
	defer wk.end()
	wk.goexit = func(i, attempt int, err error) {
		fate := wk.exited(i, attempt, err)
		wk.count(0, 0, i)
		wk.release()
		s.takeOver(wk, ref, attempt, fate, err)
	}
	for ref, attempt = s.claim(wk); ref >= 0; ref, attempt = s.claim(wk) {
		if !wk.acquire() {
			s.drop(ref)
			return
		}
		e := &s.entries[ref]
		wk.open(1)
		begin := s.clock()
		wk.note, wk.encode = e.note, s.result
		out, commit, last, err := wk.item(e.index, attempt, e.in)
		took := s.clock() - begin
		wk.count(0, 0, e.index)
		if p, again := err.(*postponed); again {
			s.postpone(ref, attempt, took, p.error)
		} else {
			e.out, e.commit, e.attempt = out, commit, last
			s.report(ref, took, err)
		}
		wk.yield()
	}
}

// report settles an entry whose last attempt has ended.
func (s *stream[In, Out]) report(ref int32, took time.Duration, err error) {
	e := &s.entries[ref]
	yield := err == nil
	if err != nil {
		e.failed = s.settle(e.index, e.attempt, err)
		// Without KeepGoing the loop's error, which comes last, says it all.
		yield = e.failed != nil && s.keepGoing
	} else if s.sink != nil {
		s.sink(e.index, e.out)
	}
	s.mu.Lock()
	s.measure(took, err)
	s.settled(ref, yield)
	s.mu.Unlock()
}

// claim blocks until there is work; -1 means there will be none. A worker that
// waits holds no slot.
func (s *stream[In, Out]) claim(wk *worker[In, Out]) (ref int32, attempt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.stop.Load() {
			return -1, 0
		}
		if ref, ok := s.startable(); ok {
			s.open++
			if s.gate != nil && s.queued() > 0 {
				s.offer() // there may be another
			}
			return ref, int(s.entries[ref].again)
		}
		if s.sourceDone && s.queued() == 0 && (s.open == 0 || s.attempts == 1) {
			return -1, 0
		}
		if wk.has {
			s.mu.Unlock()
			wk.release()
			s.mu.Lock()
			continue
		}
		s.idle++
		s.work.Wait()
		s.idle--
		s.called = max(s.called-1, 0)
	}
}

// drop gives up an entry that was claimed and never ran.
func (s *stream[In, Out]) drop(ref int32) {
	s.skip(s.entries[ref].index, s.entries[ref].index+1)
	s.mu.Lock()
	s.settled(ref, false)
	s.mu.Unlock()
}

// takeOver replaces a goroutine that is unwinding because a body called
// Goexit.
func (s *stream[In, Out]) takeOver(wk *worker[In, Out], ref int32, attempt int, f fate, err error) {
	if f == postpones {
		s.postpone(ref, attempt, 0, err)
	} else {
		s.entries[ref].attempt = attempt
		s.report(ref, 0, err)
	}
	s.workers.Add(1)
	s.live.Add(1)
	go s.start(wk.worker)
}

// postpone offers an entry again whose attempt failed, when it has waited. It
// stays open meanwhile.
func (s *stream[In, Out]) postpone(ref int32, attempt int, took time.Duration, err error) {
	s.pause(ref, took, err)
	s.delays.after(s.backoff.before(attempt, err), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.entries[ref].again = int32(attempt) + 1
		s.open--
		s.ready.pushFront(ref)
		s.offer()
		s.news.Signal()
	})
}
