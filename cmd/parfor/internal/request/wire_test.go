package request

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// paths runs a test on both ways to send. What holds for one holds for the
// other.
func paths(t *testing.T, test func(t *testing.T, standard bool)) {
	t.Run("wire", func(t *testing.T) { test(t, false) })
	t.Run("standard", func(t *testing.T) { test(t, true) })
}

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

func newTestClient(t *testing.T, o Options, standard bool) *Client {
	t.Helper()
	o.Standard = standard
	c, err := NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func post(t *testing.T, url string) *Request {
	return prepare(t, Spec{URL: url, Stdin: true}, whole("body"))
}

func method(t *testing.T, m, url string) *Request {
	s := Spec{Method: m, URL: url, SameBody: true}
	switch m {
	case "POST", "PUT", "PATCH":
		s.Stdin = true
	}
	return prepare(t, s, whole("body"))
}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

const okHead = "HTTP/1.1 200 OK\r\n"

// Answers in all shapes, told apart by whether the connection is used again.
func TestAnswers(t *testing.T) {
	z := zipped("hello")
	for _, c := range []struct {
		name, method, answer string
		status               int
		body                 string
		reused               bool
	}{
		{"length", "POST", okHead + "Content-Length: 5\r\n\r\nhello", 200, "hello", true},
		{"empty", "POST", okHead + "Content-Length: 0\r\n\r\n", 200, "", true},
		{"lower case", "POST", okHead + "content-length:5\r\n\r\nhello", 200, "hello", true},
		{"LF alone", "POST", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello", true},
		{"no reason", "POST", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", true},
		{"chunks", "POST", okHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", 200, "hello", true},
		{"trailer", "POST", okHead + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", 200, "hello", true},
		{"chunks and length", "POST", okHead + "Transfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello", true},
		{"close", "POST", okHead + "Connection: close\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
		{"close in a list", "POST", okHead + "Connection: x, Close\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
		{"until close", "POST", okHead + "\r\nhello", 200, "hello", false},
		{"1.0", "POST", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
		{"1.0 keep-alive", "POST", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
		{"continue", "POST", "HTTP/1.1 100 Continue\r\n\r\n" + okHead + "Content-Length: 5\r\n\r\nhello", 200, "hello", true},
		{"early hints", "GET", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + okHead + "Content-Length: 5\r\n\r\nhello", 200, "hello", true},
		{"HEAD", "HEAD", okHead + "Content-Length: 5\r\n\r\n", 200, "", true},
		{"HEAD of gzip", "HEAD", okHead + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n", 200, "", true},
		{"204", "DELETE", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true},
		{"404", "GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello", 404, "hello", true},
		{"redirect", "GET", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, "", true},
		{"gzip", "GET", okHead + fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(z), z), 200, "hello", true},
		{"gzip in chunks", "GET", okHead + fmt.Sprintf("Content-Encoding: GZIP\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(z), z), 200, "hello", true},
		{"empty gzip", "GET", okHead + "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 200, "", true},
		{"folded header", "GET", okHead + "X: a\r\n  b\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
		{"same length twice", "GET", okHead + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
		{"more than announced", "GET", okHead + "Content-Length: 5\r\n\r\nhello, world", 200, "hello", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths(t, func(t *testing.T, standard bool) {
				s := serveRaw(t, func(conn *rawConn) {
					for conn.request() {
						conn.say(c.answer)
						if !c.reused {
							return
						}
					}
				})
				client := newTestClient(t, Options{}, standard)
				for range 3 {
					resp, err := client.Do(t.Context(), method(t, c.method, s.url))
					if err != nil {
						t.Fatal(err)
					}
					if resp.Status != c.status || string(resp.Body) != c.body || resp.Truncated {
						t.Errorf("%d %q, want %d %q", resp.Status, resp.Body, c.status, c.body)
					}
					if resp.Header.Has("Content-Encoding") && c.body != "" {
						t.Errorf("headers of gzip are left: %q", resp.Header)
					}
				}
				want := int32(3)
				if c.reused {
					want = 1
				}
				if got := s.conns.Load(); got != want {
					t.Errorf("%d connections, want %d", got, want)
				}
			})
		})
	}
}

// Answers that are none.
func TestBrokenAnswers(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		stage        Stage
	}{
		{"nothing", "", Sent},
		{"half a status line", "HTTP/1.1 20", Sent},
		{"half the headers", okHead + "Content-Le", Sent},
		{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", Sent},
		{"garbage", "\x00\xff\x16\x03\x01\r\n\r\n", Sent},
		{"empty first line", "\r\n\r\n", Sent},
		{"status of letters", "HTTP/1.1 abc OK\r\n\r\n", Sent},
		{"header without colon", okHead + "Content-Length 5\r\n\r\nhello", Sent},
		{"length of letters", okHead + "Content-Length: five\r\n\r\nhello", Sent},
		{"negative length", okHead + "Content-Length: -5\r\n\r\nhello", Sent},
		{"two lengths", okHead + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", Sent},
		{"unknown encoding", okHead + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Sent},
		{"headers without end", okHead + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 1200), Sent},
		{"half the body", okHead + "Content-Length: 5\r\n\r\nhe", Answering},
		{"no body", okHead + "Content-Length: 5\r\n\r\n", Answering},
		{"half a chunk", okHead + "Transfer-Encoding: chunked\r\n\r\n5\r\nhe", Answering},
		{"no last chunk", okHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", Answering},
		{"no trailer", okHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n", Answering},
		{"bad chunk size", okHead + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nhe\r\n0\r\n\r\n", Answering},
		{"gzip that isn't", okHead + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", Answering},
		{"gzip cut short", okHead + "Content-Encoding: gzip\r\n\r\n" + zipped("hello")[:15], Answering},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths(t, func(t *testing.T, standard bool) {
				s := serveRaw(t, func(conn *rawConn) {
					if conn.request() {
						conn.say(c.answer)
					}
				})
				client := newTestClient(t, Options{}, standard)
				resp, err := client.Do(t.Context(), post(t, s.url))
				var f *Failure
				if !errors.As(err, &f) || f.Stage != c.stage || f.Timeout != 0 {
					t.Fatalf("%v, %#v, want a failure of stage %d", resp, err, c.stage)
				}
				if Outcome(err) != record.Failed || s.reqs.Load() != 1 {
					t.Errorf("%v, %d requests", Outcome(err), s.reqs.Load())
				}
			})
		})
	}
}

// net/http takes a name with a space for another header and reads on.
func TestSpaceBeforeColon(t *testing.T) {
	s := serveRaw(t, func(c *rawConn) { c.request(); c.say(okHead + "Content-Length : 5\r\n\r\nhello") })
	_, err := newTestClient(t, Options{}, false).Do(t.Context(), post(t, s.url))
	fails(t, err, "malformed header")
}

// What the server gets is the same, but for the order of headers.
func TestSentAlike(t *testing.T) {
	for _, m := range []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"} {
		var heads [2]string
		paths(t, func(t *testing.T, standard bool) {
			got := make(chan string, 1)
			s := serveRaw(t, func(c *rawConn) {
				r, err := http.ReadRequest(c.in)
				if err != nil {
					return
				}
				body, _ := io.ReadAll(r.Body)
				r.Host = strings.TrimLeft(r.Host, "0123456789.:")
				var b bytes.Buffer
				_ = r.Header.Write(&b) // sorted
				got <- fmt.Sprint(r.Method, r.RequestURI, r.Proto, r.Host, r.ContentLength, r.TransferEncoding, "\n", b.String(), string(body))
				c.say(okHead + "Content-Length: 0\r\n\r\n")
			})
			spec := Spec{Method: m, URL: s.url + "a%2Fb/{}?x=%20{}", Headers: []string{"X-A: {}", "X-B;", "Accept: */*"}}
			if m[0] == 'P' {
				spec.Data = str("data {}")
			}
			client := newTestClient(t, Options{}, standard)
			if _, err := client.Do(t.Context(), prepare(t, spec, whole("ü/"))); err != nil {
				t.Fatal(err)
			}
			i := 0
			if standard {
				i = 1
			}
			heads[i] = <-got
		})
		if heads[0] != heads[1] || !strings.Contains(heads[0], "Gzip") && !strings.Contains(heads[0], "gzip") && m != "HEAD" {
			t.Errorf("%s:\n%q\n%q", m, heads[0], heads[1])
		}
	}
}

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

func TestTimeouts(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		stage        Stage
		want         string
	}{
		{"no answer", "", Sent, "no answer after 50ms (--timeout)"},
		{"half the headers", okHead, Sent, "no answer after 50ms"},
		{"half the body", okHead + "Content-Length: 5\r\n\r\nhe", Answering, "not complete after 50ms, 2 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths(t, func(t *testing.T, standard bool) {
				s := serveRaw(t, func(conn *rawConn) {
					conn.request()
					conn.say(c.answer)
					<-conn.ended
				})
				client := newTestClient(t, Options{Timeout: 50 * time.Millisecond}, standard)
				_, err := client.Do(t.Context(), post(t, s.url))
				var f *Failure
				if !errors.As(err, &f) || f.Stage != c.stage || Outcome(err) != record.Timeout {
					t.Fatalf("%#v", err)
				}
				fails(t, err, c.want)
			})
		})
	}
}

// The caller may end it at any time, and that is no failure of the request.
func TestCanceled(t *testing.T) {
	for name, answer := range map[string]string{"before the answer": "", "in the body": okHead + "Content-Length: 5\r\n\r\nhe"} {
		t.Run(name, func(t *testing.T) {
			paths(t, func(t *testing.T, standard bool) {
				arrived := make(chan bool, 1)
				s := serveRaw(t, func(c *rawConn) {
					c.request()
					c.say(answer)
					arrived <- true
					<-c.ended
				})
				client := newTestClient(t, Options{}, standard)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() { <-arrived; cancel() }()
				_, err := client.Do(ctx, post(t, s.url))
				if !errors.Is(err, context.Canceled) || Outcome(err) != record.Canceled {
					t.Errorf("%#v", err)
				}
				if _, err = client.Do(ctx, post(t, s.url)); err != context.Canceled {
					t.Error(err)
				}
			})
		})
	}
	paths(t, func(t *testing.T, standard bool) {
		s := serveRaw(t, func(c *rawConn) { c.request(); <-c.ended })
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		_, err := newTestClient(t, Options{}, standard).Do(ctx, post(t, s.url))
		if !errors.Is(err, context.DeadlineExceeded) || Outcome(err) != record.Canceled {
			t.Errorf("the caller's deadline: %#v", err)
		}
	})
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		size, limit int
		chunked     bool
		reused      bool
	}{
		{10, 10, false, true}, {11, 10, false, true}, {11, 10, true, true}, {10, 10, true, true},
		{100, -1, false, true}, {300 << 10, 10, false, false}, {300 << 10, 10, true, false},
		{200 << 10, 200 << 10, false, true}, {0, 10, true, true},
	} {
		paths(t, func(t *testing.T, standard bool) {
			text := strings.Repeat("0123456789", c.size/10+1)[:c.size]
			s := serveRaw(t, func(conn *rawConn) {
				for conn.request() {
					if c.chunked {
						conn.say(okHead + "Transfer-Encoding: chunked\r\n\r\n")
						if c.size > 0 {
							conn.say(fmt.Sprintf("%x\r\n%s\r\n", len(text), text))
						}
						conn.say("0\r\n\r\n")
						continue
					}
					conn.say(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", okHead, len(text), text))
				}
			})
			client := newTestClient(t, Options{MaxOutput: int64(c.limit)}, standard)
			want := text
			if c.limit >= 0 && len(text) > c.limit {
				want = text[:c.limit]
			}
			for range 2 {
				resp, err := client.Do(t.Context(), post(t, s.url))
				if err != nil || string(resp.Body) != want || resp.Truncated != (len(want) < len(text)) {
					t.Fatalf("%+v: %d bytes, truncated %v, %v", c, len(resp.Body), resp.Truncated, err)
				}
			}
			if got := s.conns.Load() == 1; got != c.reused {
				t.Errorf("%+v: reused %v", c, got)
			}
		})
	}
}

// Workers share the pool and nothing else.
func TestConcurrent(t *testing.T) {
	paths(t, func(t *testing.T, standard bool) {
		s := serveRaw(t, func(c *rawConn) {
			for n := 0; n < 7; n++ { // then closes, idle or not
				r, err := http.ReadRequest(c.in)
				if err != nil {
					return
				}
				b, _ := io.ReadAll(r.Body)
				c.say(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", okHead, len(b), b))
			}
		})
		client := newTestClient(t, Options{Workers: 8}, standard)
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				for i := range 50 {
					body := fmt.Sprintf("%d/%d", w, i)
					r := prepare(t, Spec{Method: "POST", URL: s.url, Stdin: true, IdempotencyKey: "{}"}, whole(body))
					resp, err := client.Do(t.Context(), r)
					if err != nil || string(resp.Body) != body {
						t.Errorf("%s: %v %v", body, resp, err)
						return
					}
				}
			})
		}
		all.Wait()
		if n := s.conns.Load(); n < 400/7 || !standard && n > 400/7+9 {
			t.Errorf("%d connections", n)
		}
	})
}

// What the wire path parses is what net/http parses.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		okHead + "Content-Length: 5\r\n\r\nhello", okHead + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\n\nx", okHead + "A: b\r\n c\r\n\r\n", "HTTP/1.1 204 x\r\n\r\n", okHead + "Connection: close\r\n\r\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ours, body, err := parseAll(s)
		if err != nil {
			return
		}
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(s)), nil)
		if err != nil {
			t.Fatalf("%q: net/http refuses: %v", s, err)
		}
		if resp.StatusCode != ours.Status {
			t.Errorf("%q: status %d, net/http has %d", s, ours.Status, resp.StatusCode)
		}
		theirs, err := io.ReadAll(resp.Body)
		if err != nil || string(theirs) != body {
			t.Errorf("%q: body %q, net/http has %q, %v", s, body, theirs, err)
		}
	})
}

func parseAll(s string) (*Response, string, error) {
	c := &wireConn{in: bufio.NewReader(strings.NewReader(s))}
	head, err := c.headBytes()
	if err != nil {
		return nil, "", err
	}
	resp, err := parseHead(head)
	if err != nil {
		return nil, "", err
	}
	var b wireBody
	if err := b.init(c, "GET", resp); err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(&b)
	return resp, string(body), err
}
