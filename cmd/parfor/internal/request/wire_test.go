package request

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
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
