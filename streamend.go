package parfor

import "time"

// drain waits until no body runs. It reports whether the source was left
// behind in code of its own.
func (s *stream[In, Out]) drain() (blocked bool) {
	s.stop.Store(true)
	s.wakeAll()
	s.mu.Lock()
	s.ending = true
	for _, i := range s.redo {
		s.skip(i, i+1)
	}
	s.redo = nil
	for s.open > 0 {
		s.news.Wait()
	}
	for ref, ok := s.ready.pop(); ok; ref, ok = s.ready.pop() {
		s.skip(s.entries[ref].index, s.entries[ref].index+1)
	}
	if s.gate != nil {
		for _, ref := range s.gate.stop() {
			s.skip(s.entries[ref].index, s.entries[ref].index+1)
		}
	}
	s.mu.Unlock()
	if s.remote != nil {
		s.remote.handle.Detach()
	}
	s.workers.Wait()
	return !s.awaitSource()
}

// counts returns how many items were taken from the source, and how many it
// had: -1 if it did not end. A source that was left behind may still end.
func (s *stream[In, Out]) counts() (taken, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.sourceDone {
		return s.taken, -1
	}
	return s.taken, s.taken
}

// awaitSource gives the feeder a moment to leave code of its own, and as long
// as it takes if it only waits for the loop.
func (s *stream[In, Out]) awaitSource() bool {
	patience := time.NewTimer(10 * time.Millisecond)
	defer patience.Stop()
	select {
	case <-s.fed:
		return true
	case <-patience.C:
	}
	s.mu.Lock()
	inside := s.inSource
	s.mu.Unlock()
	if !inside {
		<-s.fed
	}
	return !inside
}
