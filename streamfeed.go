package parfor

import "runtime/debug"

// feed runs the source. It is the one goroutine a loop may leave behind: when
// the source is blocked in code of its own.
func (s *stream[In, Out]) feed() {
	returned := false
	defer func() {
		if !returned {
			if v := recover(); v != nil {
				s.abort(&sourceError{&PanicError{Value: v, Stack: debug.Stack()}})
			} else {
				s.abort(&sourceError{ErrGoexit})
			}
		}
		s.mu.Lock()
		s.inSource = false
		s.work.Broadcast()
		s.news.Broadcast()
		s.mu.Unlock()
		close(s.fed)
	}()
	if s.stop.Load() { // the caller's context had ended before: touch nothing
		returned = true
		return
	}
	s.mu.Lock()
	s.inSource = true
	s.mu.Unlock()
	ended := true
	for in, err := range s.source {
		if err != nil {
			s.sourceFailed(err)
			ended = false
			break
		}
		if !s.push(in) {
			ended = false
			break
		}
	}
	returned = true
	s.mu.Lock()
	s.sourceDone = s.sourceDone || ended
	s.mu.Unlock()
}

// sourceError is a source that failed; what it had yielded before is finished.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return "parfor: source: " + trimPrefix(e.err.Error()) }
func (e *sourceError) Unwrap() error { return e.err }

// sourceFailed ends the input, not the items already taken.
func (s *stream[In, Out]) sourceFailed(err error) {
	s.loop.mu.Lock()
	if s.cause == nil {
		s.cause = &sourceError{err}
	}
	s.loop.mu.Unlock()
	s.mu.Lock()
	s.sourceDone = true
	s.mu.Unlock()
}

// push hands an item to the workers. It returns when there is room in the
// window for the next one, so that the source is asked for no item that would
// have to wait outside of it, and reports false when the loop has ended.
func (s *stream[In, Out]) push(in In) bool {
	e := entry[In, Out]{index: s.taken, in: in, again: 1} // only this goroutine takes
	var bad error
	if s.journal != nil {
		var err error
		if bad, err = s.recall(&e); err != nil {
			s.abort(err)
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.awaitRoom() { // a Control may have taken it
		return false
	}
	s.taken++
	if ref := s.occupy(e); e.attempt > 0 { // the journal has it, or can't have it
		s.recalled(ref, bad)
	} else {
		s.ready.push(ref)
		s.offer()
	}
	return s.awaitRoom()
}

// awaitRoom waits for a free entry; false means that the loop has ended.
func (s *stream[In, Out]) awaitRoom() bool {
	s.inSource = false
	for len(s.freed) == 0 && !s.stop.Load() {
		s.space.Wait()
	}
	s.inSource = true
	return !s.stop.Load()
}

// enter gives an item a place in the window, which has one free, and offers it.
// The lock is held.
func (s *stream[In, Out]) enter(in In) {
	index := s.taken
	s.taken++
	s.place(index, in)
}

// place is enter for an item that has an index.
func (s *stream[In, Out]) place(index int, in In) {
	s.ready.push(s.occupy(entry[In, Out]{index: index, in: in, again: 1}))
	s.offer()
}

// occupy takes a free entry.
func (s *stream[In, Out]) occupy(e entry[In, Out]) (ref int32) {
	ref = s.freed[len(s.freed)-1]
	s.freed = s.freed[:len(s.freed)-1]
	s.entries[ref] = e
	return ref
}
