package request

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// A server that closes an idle connection: what net/http's rule sends again
// unseen, and what it doesn't.
func TestClosedIdle(t *testing.T) {
	paths(t, func(t *testing.T, standard bool) {
		closed := make(chan bool, 1)
		s := serveRaw(t, func(c *rawConn) {
			if !c.request() {
				return
			}
			c.say(okHead + "Content-Length: 0\r\n\r\n")
			if c.number == 1 {
				c.Close()
				closed <- true
				return
			}
			c.request()
		})
		client := newTestClient(t, Options{}, standard)
		for i := range 2 {
			if _, err := client.Do(t.Context(), post(t, s.url)); err != nil {
				t.Fatalf("POST %d: %v", i+1, err)
			}
			if i == 0 {
				<-closed
				settle(client, standard)
			}
		}
	})
}

// settle lets the standard transport see that a connection was closed; the
// other path looks itself, so nothing may depend on time there.
func settle(c *Client, standard bool) {
	if standard {
		c.transport.CloseIdleConnections()
	}
}

// A server that closes a used connection just when the next request arrives.
func TestClosedUnderRequest(t *testing.T) {
	for _, c := range []struct {
		method string
		key    string
		again  bool
	}{
		{"GET", "", true},
		{"HEAD", "", true},
		{"OPTIONS", "", true},
		{"POST", "", false},
		{"PUT", "", false},
		{"DELETE", "", false},
		{"PATCH", "", false},
		{"POST", "k-{}", true},
	} {
		t.Run(c.method+c.key, func(t *testing.T) {
			paths(t, func(t *testing.T, standard bool) {
				s := serveRaw(t, func(conn *rawConn) {
					if !conn.request() {
						return
					}
					conn.say(okHead + "Content-Length: 0\r\n\r\n")
					if conn.request() && conn.number == 1 {
						return // read, and not answered
					}
					conn.say(okHead + "Content-Length: 0\r\n\r\n")
				})
				client := newTestClient(t, Options{}, standard)
				spec := Spec{Method: c.method, URL: s.url, SameBody: true, IdempotencyKey: c.key}
				if c.method[0] == 'P' {
					spec.Stdin = true
				}
				r := prepare(t, spec, whole("x"))
				if _, err := client.Do(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				_, err := client.Do(t.Context(), r)
				if (err == nil) != c.again {
					t.Fatalf("%v, want sent again: %v", err, c.again)
				}
				var f *Failure
				if err != nil && (!errors.As(err, &f) || f.Stage != Sent) {
					t.Errorf("%#v", err)
				}
			})
		})
	}
}

// A server that answers before it has read the body, and hangs up.
func TestEarlyAnswer(t *testing.T) {
	paths(t, func(t *testing.T, standard bool) {
		s := serveRaw(t, func(c *rawConn) {
			if _, err := c.in.ReadString('\n'); err != nil {
				return
			}
			c.say("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
			_ = c.Conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c.in)
		})
		client := newTestClient(t, Options{}, standard)
		big := strings.Repeat("x", 300<<10) // too big for the wire path
		for _, body := range []string{"small", big} {
			resp, err := client.Do(t.Context(), prepare(t, Spec{URL: s.url, Stdin: true}, whole(body)))
			if err != nil || resp.Status != 413 || string(resp.Body) != "no" {
				t.Errorf("%d bytes: %v, %v", len(body), resp, err)
			}
		}
	})
}
