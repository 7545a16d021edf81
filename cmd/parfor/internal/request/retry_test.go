package request

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
)

// retryRow is a row of the table at [Retry.Again] and in docs/http.md.
type retryRow struct {
	name         string
	serve        func(c *rawConn) // nil: nothing listens
	https        bool
	get, post    bool // by default
	any, connect bool // a POST, with --retry-on
	after        time.Duration
	stage        Stage
	status       int
}

func sayStatus(code int, header string) func(*rawConn) {
	return func(c *rawConn) {
		for c.request() {
			c.say(fmt.Sprintf("HTTP/1.1 %d %s\r\n%sContent-Length: 0\r\n\r\n", code, http.StatusText(code), header))
		}
	}
}

var retryRows = []retryRow{
	{name: "nothing listens", get: true, post: true, any: true, connect: true, stage: Connect},
	{name: "TLS fails", https: true, serve: func(c *rawConn) { c.say("HTTP/1.1 400 Bad Request\r\n\r\n") }, get: true, post: true, any: true, connect: true, stage: Connect},
	{name: "TLS hangs up", https: true, serve: func(c *rawConn) {}, get: true, post: true, any: true, connect: true, stage: Connect},
	{name: "resets before reading", serve: func(c *rawConn) { _, _ = c.in.Peek(1); c.reset() }, get: true, any: true, stage: Sent},
	{name: "resets after reading", serve: func(c *rawConn) { c.request(); c.reset() }, get: true, any: true, stage: Sent},
	{name: "closes after reading", serve: func(c *rawConn) { c.request() }, get: true, any: true, stage: Sent},
	{name: "garbage", serve: func(c *rawConn) { c.request(); c.say("garbage\r\n\r\n") }, get: true, any: true, stage: Sent},
	{name: "slow headers", serve: func(c *rawConn) { c.request(); c.say(okHead); <-c.ended }, get: true, any: true, stage: Sent},
	{name: "no answer", serve: func(c *rawConn) { c.request(); <-c.ended }, get: true, any: true, stage: Sent},
	{name: "half an answer", serve: func(c *rawConn) { c.request(); c.say(okHead + "Content-Length: 9\r\n\r\nx") }, get: true, any: true, stage: Answering},
	{name: "slow body", serve: func(c *rawConn) { c.request(); c.say(okHead + "Content-Length: 9\r\n\r\nx"); <-c.ended }, get: true, any: true, stage: Answering},
	{name: "408", serve: sayStatus(408, ""), get: true, any: true, status: 408},
	{name: "425", serve: sayStatus(425, ""), get: true, any: true, status: 425},
	{name: "429", serve: sayStatus(429, ""), get: true, any: true, status: 429},
	{name: "429 with Retry-After", serve: sayStatus(429, "Retry-After: 7\r\n"), get: true, post: true, any: true, after: 7 * time.Second, status: 429},
	{name: "500", serve: sayStatus(500, ""), get: true, any: true, status: 500},
	{name: "500 with Retry-After", serve: sayStatus(500, "Retry-After: 7\r\n"), get: true, any: true, status: 500},
	{name: "501", serve: sayStatus(501, ""), status: 501},
	{name: "502", serve: sayStatus(502, ""), get: true, any: true, status: 502},
	{name: "503", serve: sayStatus(503, ""), get: true, any: true, status: 503},
	{name: "503 with Retry-After", serve: sayStatus(503, "Retry-After: 0\r\n"), get: true, post: true, any: true, status: 503},
	{name: "504", serve: sayStatus(504, ""), get: true, any: true, status: 504},
	{name: "400", serve: sayStatus(400, ""), status: 400},
	{name: "404", serve: sayStatus(404, "Retry-After: 7\r\n"), status: 404},
	{name: "302", serve: sayStatus(302, ""), status: 302},
	{name: "200", serve: sayStatus(200, ""), status: 200},
}

func TestRetryTable(t *testing.T) {
	anyOn, _ := ParseRetryOn("any")
	connectOn, _ := ParseRetryOn("connect")
	for _, row := range retryRows {
		t.Run(row.name, func(t *testing.T) {
			paths(t, func(t *testing.T, standard bool) {
				url := nobody(t)
				if row.serve != nil {
					url = serveRaw(t, row.serve).url
				}
				if row.https {
					url = strings.Replace(url, "http:", "https:", 1)
				}
				client := newTestClient(t, Options{Timeout: 60 * time.Millisecond, MaxOutput: 100}, standard)
				for _, m := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH", "POST with a key"} {
					if m == "HEAD" && row.stage == Answering {
						continue // it has no body that could break off
					}
					var r *Request
					if name, _, ok := strings.Cut(m, " "); ok {
						r = prepare(t, Spec{Method: name, URL: url, Stdin: true, IdempotencyKey: "k{}"}, whole("x"))
					} else {
						r = method(t, m, url)
					}
					resp, err := client.Do(t.Context(), r)
					row.check(t, m, r, resp, err, Retry{}, row.get && (m != "POST" && m != "PATCH") || row.post)
					if m == "POST" {
						row.check(t, m, r, resp, err, anyOn, row.any)
						row.check(t, m, r, resp, err, connectOn, row.connect)
					}
				}
			})
		})
	}
}

func (row *retryRow) check(t *testing.T, m string, r *Request, resp *Response, err error, p Retry, want bool) {
	t.Helper()
	var f *Failure
	if row.status == 0 && (!errors.As(err, &f) || f.Stage != row.stage) {
		t.Fatalf("%s: %#v, want a failure of stage %d", m, err, row.stage)
	}
	if row.status != 0 && (err != nil || resp.Status != row.status) {
		t.Fatalf("%s: %v %v", m, resp, err)
	}
	again, after := p.Again(r, err, resp)
	wantAfter := time.Duration(0)
	if want {
		wantAfter = row.after
	}
	if again != want || after != wantAfter {
		t.Errorf("%s %+v: again %v after %v, want %v after %v", m, p, again, after, want, wantAfter)
	}
}

// nobody is a URL at which nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String() + "/"
}

func TestUntrustedCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = discardLog
	s.StartTLS()
	defer s.Close()
	r := method(t, "GET", s.URL)
	_, err := newTestClient(t, Options{}, false).Do(t.Context(), r)
	var f *Failure
	if !errors.As(err, &f) || f.Stage != Connect || !errors.As(err, new(*tls.CertificateVerificationError)) {
		t.Fatalf("%#v", err)
	}
	anyOn, _ := ParseRetryOn("any")
	for _, p := range []Retry{{}, anyOn} {
		if again, _ := p.Again(r, err, nil); again {
			t.Error("tried again")
		}
	}
}

func TestRetryOn(t *testing.T) {
	answer := func(status int) *Response {
		return &Response{Status: status, Reason: fmt.Sprint(status), Header: Header{{"Retry-After", "3"}}}
	}
	post := &Request{Method: "POST"}
	for flag, want := range map[string]map[int]bool{
		"429,5xx":     {429: true, 500: true, 501: true, 404: false, 408: false},
		"50x":         {500: true, 511: false},
		"connect":     {429: false, 503: false},
		"404,connect": {404: true, 503: false},
		"any,404":     {404: true, 503: true, 400: false},
	} {
		p, err := ParseRetryOn(flag)
		if err != nil {
			t.Fatal(err)
		}
		for status, w := range want {
			if again, _ := p.Again(post, nil, answer(status)); again != w {
				t.Errorf("%s, %d: %v", flag, status, again)
			}
		}
		if again, _ := p.Again(post, &Failure{Stage: Connect, Err: io.EOF}, nil); !again {
			t.Errorf("%s: no connection is not tried again", flag)
		}
	}
	list, _ := ParseRetryOn("503")
	for m, want := range map[string]bool{"GET": true, "POST": false} {
		if again, _ := list.Again(&Request{Method: m}, &Failure{Stage: Sent, Err: io.EOF}, nil); again != want {
			t.Errorf("503, %s broken off: %v", m, again)
		}
	}
	for _, bad := range []string{"x", "any;503", "600", "42", "xxx", "5xx,", ","} {
		if _, err := ParseRetryOn(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// A loop of parfor does as the table says.
func TestJudge(t *testing.T) {
	get := &Request{Method: "GET"}
	late := &Response{Status: 429, Reason: "429 Too Many Requests", Header: Header{{"Retry-After", "1"}}}
	expect, _ := ParseExpect(nil)
	err := Retry{}.Judge(get, late, nil, expect.Check(late))
	var asks interface{ RetryAfter() time.Duration }
	var throttled interface{ Throttled() bool }
	if !errors.As(err, &asks) || asks.RetryAfter() != time.Second || !errors.As(err, &throttled) || !throttled.Throttled() {
		t.Errorf("%v", err)
	}
	if err := (Retry{}).Judge(get, &Response{Status: 200}, nil, nil); err != nil {
		t.Error(err)
	}
	tries := func(err error) (n int) {
		parfor.Each(t.Context(), []int{1}, func(context.Context, int) error { n++; return err }, parfor.Attempts(3))
		return n
	}
	for want, err := range map[int]error{
		3: Retry{}.Judge(get, nil, &Failure{Stage: Sent, Err: io.EOF}, nil),
		1: Retry{}.Judge(&Request{Method: "POST"}, nil, &Failure{Stage: Sent, Err: io.EOF}, nil),
	} {
		if n := tries(err); n != want {
			t.Errorf("%v: %d attempts, want %d", err, n, want)
		}
	}
}
