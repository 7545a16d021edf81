package request

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// rawServer runs a script for each connection, whose number begins with 1. It
// counts connections and heads of requests.
type rawServer struct {
	url         string
	conns, reqs atomic.Int32
}

// rawConn is the server's side of a connection.
type rawConn struct {
	net.Conn
	in     *bufio.Reader
	number int32
	server *rawServer
	ended  <-chan struct{} // the test is over
}

func serveRaw(t *testing.T, script func(c *rawConn)) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{url: "http://" + l.Addr().String() + "/"}
	over, end := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c := &rawConn{conn, bufio.NewReader(conn), s.conns.Add(1), s, over.Done()}
			// net/http may have opened one more than it needed, which is idle
			// then: hanging up ends it.
			stop := context.AfterFunc(over, func() { conn.Close() })
			all.Go(func() { defer conn.Close(); script(c); stop() })
		}
	})
	t.Cleanup(func() { end(); l.Close(); all.Wait() })
	return s
}

// request reads one, with its body; false if there is none.
func (c *rawConn) request() bool {
	r, err := http.ReadRequest(c.in)
	if err != nil {
		return false
	}
	c.server.reqs.Add(1)
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

func (c *rawConn) say(s string) { _, _ = io.WriteString(c, s) }

// reset makes closing send a RST instead of a FIN.
func (c *rawConn) reset() { _ = c.Conn.(*net.TCPConn).SetLinger(0) }
