package cluster_test

import (
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor/cluster"
)

// proxy stands between a program and a server, and lets them down.
type proxy struct {
	to    string
	l     net.Listener
	group sync.WaitGroup

	mu   sync.Mutex
	open sync.Cond
	hole bool // nothing goes through, and nobody is told
	deaf bool // what the server says gets lost
	shut bool
	ends map[*net.TCPConn]bool
}

// proxied is a way to the server at a URL, through a proxy.
func proxied(t *testing.T, to string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{to: u.Host, l: l, ends: map[*net.TCPConn]bool{}}
	p.open.L = &p.mu
	p.group.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.set(func() { p.shut, p.hole = true, false })
		p.reset()
		p.group.Wait()
	})
	u.Host = l.Addr().String()
	return p, u.String()
}

func (p *proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.open.Broadcast()
}

// reset breaks all connections at once, without a good-bye.
func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.ends {
		c.SetLinger(0)
		c.Close()
	}
	clear(p.ends)
}

func (p *proxy) accept() {
	for {
		from, err := p.l.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.to)
		if err != nil {
			from.Close()
			continue
		}
		a, b := from.(*net.TCPConn), to.(*net.TCPConn)
		p.mu.Lock()
		if p.shut {
			p.mu.Unlock()
			a.Close()
			b.Close()
			return
		}
		p.ends[a], p.ends[b] = true, true
		p.mu.Unlock()
		p.group.Go(func() { p.carry(b, a, false) })
		p.group.Go(func() { p.carry(a, b, true) })
	}
}

func (p *proxy) carry(to, from *net.TCPConn, back bool) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		p.mu.Lock()
		for p.hole {
			p.open.Wait()
		}
		lost := p.deaf && back
		p.mu.Unlock()
		if lost {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// An agent that is cut off for longer than others wait for it: they run what it
// has, and what it says when it is back comes second.
func TestPartition(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	p, url := proxied(t, s.URL())
	agentProcess(t, url, 2)
	agentProcess(t, s.URL(), 1)
	slotsOf(t, x, 3)
	whole(t, x, s.URL(), 100, func() {
		p.set(func() { p.hole = true })
		time.AfterFunc(3*redeliver, func() { p.set(func() { p.hole = false }) })
	})
}

// The server has results, and its answer gets lost: the agent sends them again,
// and they count once.
func TestAnswersLost(t *testing.T) {
	if !*faults {
		t.Skip("the agent waits 7 seconds for an answer that was lost: run it with -faults")
	}
	s := serverAt(t)
	x := connected(t, s.URL())
	p, url := proxied(t, s.URL())
	agentProcess(t, url, 2)
	slotsOf(t, x, 2)
	whole(t, x, s.URL(), 100, func() {
		p.set(func() { p.deaf = true })
		time.AfterFunc(time.Second, func() {
			p.reset() // in the middle of a message, it would be read as another
			p.set(func() { p.deaf = false })
		})
	})
}

// The program's own connection breaks, with chunks and commits under way.
func TestReset(t *testing.T) {
	s := serverAt(t)
	p, url := proxied(t, s.URL())
	x := connected(t, url, cluster.WaitForAgents(0))
	agentProcess(t, s.URL(), 4)
	slotsOf(t, x, 4)
	done := make(chan struct{})
	whole(t, x, s.URL(), 300, func() {
		go func() {
			defer close(done)
			for range 5 {
				p.reset()
				time.Sleep(30 * time.Millisecond) // the next one finds others under way
			}
		}()
	})
	<-done
}
