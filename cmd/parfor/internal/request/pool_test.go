package request

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// A loop over many hosts keeps a bounded number of connections.
func TestManyHosts(t *testing.T) {
	w := newWire(&net.Dialer{}, Options{Workers: 2})
	var ends []net.Conn
	for i := range 10 * maxIdle(2) {
		a, b := net.Pipe()
		ends = append(ends, b)
		w.put(newWireConn(w, a, fmt.Sprint("host", i%(5*maxIdle(2)), ":80")))
	}
	n := 0
	for _, list := range w.idle {
		n += len(list)
	}
	if n != maxIdle(2) || w.idles != n || len(w.idle) > maxIdle(2)+fewHosts {
		t.Errorf("%d connections, counted %d, at %d hosts", n, w.idles, len(w.idle))
	}
	w.close()
	if w.idles != 0 {
		t.Errorf("%d after close", w.idles)
	}
	late, _ := net.Pipe()
	w.put(newWireConn(w, late, "x:1"))
	if w.take("x:1") != nil {
		t.Error("a closed pool keeps a connection")
	}
	open := 0
	for _, b := range ends {
		_ = b.SetReadDeadline(time.Now())
		if _, err := b.Read(make([]byte, 1)); err != nil && isTimeout(err) {
			open++
		}
		_ = b.Close()
	}
	if open > 0 {
		t.Errorf("%d connections are left open", open)
	}
}

// One that was idle for long isn't trusted, however alive it looks.
func TestIdleTooLong(t *testing.T) {
	s := serveRaw(t, func(c *rawConn) {
		for c.request() {
			c.say(okHead + "Content-Length: 0\r\n\r\n")
		}
	})
	client := newTestClient(t, Options{}, false)
	for i, want := range []int32{1, 1, 2} {
		if _, err := client.Do(t.Context(), post(t, s.url)); err != nil {
			t.Fatal(err)
		}
		if n := s.conns.Load(); n != want {
			t.Errorf("request %d: %d connections, want %d", i+1, n, want)
		}
		if i == 1 {
			for _, list := range client.wire.idle {
				list[0].idleSince = time.Now().Add(-2 * idleTimeout)
			}
		}
	}
}

// What a server sends unasked on an idle connection is no answer to the next
// request.
func TestUnasked(t *testing.T) {
	speak, spoken := make(chan bool), make(chan bool)
	s := serveRaw(t, func(c *rawConn) {
		c.request()
		c.say(okHead + "Content-Length: 5\r\n\r\nasked")
		if c.number == 1 {
			<-speak
			c.say(okHead + "Content-Length: 7\r\n\r\nunasked")
			close(spoken)
		}
		c.request()
	})
	client := newTestClient(t, Options{}, false)
	for i := range 2 {
		resp, err := client.Do(t.Context(), post(t, s.url))
		if err != nil || string(resp.Body) != "asked" {
			t.Fatalf("%v, %v", resp, err)
		}
		if i == 0 {
			close(speak)
			<-spoken
		}
	}
	if n := s.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}
