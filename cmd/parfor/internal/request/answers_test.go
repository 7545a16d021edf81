package request

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

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
