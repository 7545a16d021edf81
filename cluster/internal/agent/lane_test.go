package agent

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/wire"
)

// slow is a way to the server on which nothing gets there while it is shut.
type slow struct {
	net.Conn
	mu   sync.Mutex
	shut bool
	kept []byte
}

func (s *slow) Dial(network, address string) (net.Conn, error) {
	c, err := net.Dial(network, address)
	s.Conn = c
	return s, err
}

func (s *slow) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		s.kept = append(s.kept, b...)
		return len(b), nil
	}
	return s.Conn.Write(b)
}

func (s *slow) set(shut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut = shut; !shut {
		s.Conn.Write(s.kept)
		s.kept = nil
	}
}

// Requests that nobody answers are not many when they arrive after all: the
// agent holds what came of them, and nothing waits unseen.
func TestLaneAfterSilence(t *testing.T) {
	was, slack := pullTime, pullSlack
	pullTime, pullSlack = 200*time.Millisecond, 50*time.Millisecond
	way := &slow{}
	r := newRig(t, nats.SetCustomDialer(way))
	t.Cleanup(func() { pullTime, pullSlack = was, slack })
	r.open()
	way.set(true)
	r.running.Go(r.lane.run)
	for n := range 20 {
		r.send(uint64(n), wire.Item{Index: n})
	}
	time.Sleep(8 * pullTime) // several requests' time
	way.set(false)
	r.eventually("a chunk", func() bool { return r.holds() > 0 })
	r.eventually("as many chunks are on their way as are held", func() bool { return r.pending() == r.holds() })
	want(t, "chunks held", r.holds(), 1)
}
