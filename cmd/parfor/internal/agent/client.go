package agent

import (
	"sync"

	"parfor.dev/parfor/cmd/parfor/internal/request"
)

// mostClients is how many runs' connections are kept open.
const mostClients = 8

// clients are those of runs, by their options: a connection is worth keeping
// from one item to the next.
var clients = &clientSet{of: map[Options]*client{}, workers: 1}

// client is one, and how many items use it.
type client struct {
	*request.Client
	options Options
	users   int
	turn    int // when it was used last
}

// clientSet is safe for concurrent use.
type clientSet struct {
	mu      sync.Mutex
	of      map[Options]*client
	turn    int
	workers int // requests that run at once
}

// get returns the client for a run's options. Give it back.
func (s *clientSet) get(o Options) (*client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	c := s.of[o]
	if c == nil {
		made, err := request.NewClient(request.Options{Workers: s.workers, Timeout: o.Timeout, ConnectTimeout: o.ConnectTimeout,
			HTTP1: o.HTTP1, HTTP2: o.HTTP2, Location: o.Location, Insecure: o.Insecure, Uncompressed: o.Uncompressed,
			Proxy: o.Proxy, MaxOutput: o.MaxOutput})
		if err != nil {
			return nil, err
		}
		s.evict()
		c = &client{Client: made, options: o}
		s.of[o] = c
	}
	c.users++
	c.turn = s.turn
	return c, nil
}

func (s *clientSet) put(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.users--
}

// evict makes room: the one that nobody has used for longest goes.
func (s *clientSet) evict() {
	if len(s.of) < mostClients {
		return
	}
	var old *client
	for _, c := range s.of {
		if c.users == 0 && (old == nil || c.turn < old.turn) {
			old = c
		}
	}
	if old != nil {
		delete(s.of, old.options)
		old.Close()
	}
}

// close ends all connections. No item uses one any more.
func (s *clientSet) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o, c := range s.of {
		delete(s.of, o)
		c.Close()
	}
}
