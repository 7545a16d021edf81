package owner

import "sync"

// mailbox is what others leave for a loop's goroutine.
type mailbox struct {
	wake  chan struct{}
	mu    sync.Mutex
	calls []func()
}

func newMailbox() mailbox { return mailbox{wake: make(chan struct{}, 1)} }

// put has the loop's goroutine call f. It never blocks: what is on its way to a
// loop is bounded by what the loop has sent.
func (m *mailbox) put(f func()) {
	m.mu.Lock()
	m.calls = append(m.calls, f)
	m.mu.Unlock()
	m.signal()
}

// signal has the loop's goroutine look around.
func (m *mailbox) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := m.calls
	m.calls = nil
	return calls
}
