package link

import "sync"

// mended tells that the connection was lost and is there again.
type mended struct {
	mu   sync.Mutex
	told []func()
}

func (m *mended) tell() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.told {
		f()
	}
}

// Mended has f called whenever the connection was lost and is there again, on a
// goroutine of the client's: f must return quickly. What a server did for this
// program it may have forgotten by then.
func (l *Link) Mended(f func()) {
	l.mended.mu.Lock()
	defer l.mended.mu.Unlock()
	l.mended.told = append(l.mended.told, f)
}
