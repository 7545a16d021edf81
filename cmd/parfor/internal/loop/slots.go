package loop

import "sync"

// slots numbers the workers: who begins takes the lowest number that is free,
// so there are never more numbers than items run at once.
type slots struct {
	mu   sync.Mutex
	used []bool
}

func (s *slots) take() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, used := range s.used {
		if !used {
			s.used[i] = true
			return i + 1
		}
	}
	s.used = append(s.used, true)
	return len(s.used)
}

func (s *slots) give(slot int) {
	s.mu.Lock()
	s.used[slot-1] = false
	s.mu.Unlock()
}
