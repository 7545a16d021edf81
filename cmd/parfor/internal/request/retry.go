package request

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parfor.dev/parfor/httpstatus"
)

// Retry says when a request is worth another attempt. The zero value is the
// default; see [Retry.Again].
type Retry struct {
	any      bool     // --retry-on any
	connect  bool     // --retry-on connect
	statuses []string // --retry-on 429,5xx
	set      bool
}

// ParseRetryOn reads --retry-on: any, connect, statuses such as 429 and classes
// such as 5xx, with commas between them; "" is the default.
func ParseRetryOn(s string) (Retry, error) {
	var r Retry
	if s == "" {
		return r, nil
	}
	r.set = true
	for word := range strings.SplitSeq(s, ",") {
		switch word = strings.ToLower(strings.TrimSpace(word)); {
		case word == "any":
			r.any = true
		case word == "connect":
			r.connect = true
		case isStatus(word):
			r.statuses = append(r.statuses, word)
		default:
			return Retry{}, fmt.Errorf("--retry-on %s: write any, connect, or statuses such as 429,503 or 5xx", quote(word))
		}
	}
	return r, nil
}

// Again reports whether the request is worth another attempt, and how long the
// server asked to be left alone. err is what [Client.Do] or [Expect.Check]
// returned, resp the answer if there was one.
//
//	what happened                  GET HEAD PUT DELETE     POST PATCH…       any   connect
//	                               OPTIONS TRACE, or an
//	                               Idempotency-Key
//	no connection, TLS failed      yes                     yes               yes   yes
//	refused unhandled (GOAWAY)     yes                     yes               yes   yes
//	certificate not trusted        no                      no                no    no
//	nothing came, it was sent      yes                     no                yes   no
//	timeout after it was sent      yes                     no                yes   no
//	the answer broke off           yes                     no                yes   no
//	408 425 500 502 504            yes                     no                yes   no
//	429 503 with Retry-After       yes                     yes               yes   no
//	429 503 without                yes                     no                yes   no
//	other statuses                 no                      no                no    no
//	the caller ended it            no                      no                no    no
//
// Statuses listed in --retry-on replace the default: only they are tried
// again, whatever the method, and after a broken connection only what is safe.
func (p Retry) Again(r *Request, err error, resp *Response) (bool, time.Duration) {
	var f *Failure
	if errors.As(err, &f) {
		return p.afterFailure(r, f), 0
	}
	if resp == nil {
		return false, 0
	}
	again, after := p.afterStatus(r, resp)
	if !again {
		after = 0
	}
	return again, after
}

func (p Retry) afterFailure(r *Request, f *Failure) bool {
	switch {
	case f.permanent():
		return false
	case f.Stage == Connect || f.Stage == Unhandled:
		return true
	case p.any:
		return true
	case p.connect && len(p.statuses) == 0:
		return false
	}
	return r.Idempotent()
}

func (p Retry) afterStatus(r *Request, resp *Response) (bool, time.Duration) {
	after, asked := retryAfter(resp)
	if p.set && !p.any {
		return matches(p.statuses, resp.Status), after
	}
	switch resp.Status {
	case 429, 503:
		return p.any || asked || r.Idempotent(), after
	case 408, 425, 500, 502, 504:
		return p.any || r.Idempotent(), after
	}
	return matches(p.statuses, resp.Status), after
}

// retryAfter is what package httpstatus reads in the header.
func retryAfter(resp *Response) (d time.Duration, asked bool) {
	value := resp.Header.Get("Retry-After")
	err := httpstatus.Check(&http.Response{StatusCode: resp.Status, Status: resp.Reason, Header: http.Header{"Retry-After": {value}}})
	var e *httpstatus.Error
	if errors.As(err, &e) {
		d = e.Wait
	}
	return d, value != ""
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE":
		return true
	}
	return false
}

// isStatus is true for 404, 4xx and 50x.
func isStatus(s string) bool {
	if len(s) != 3 || s[0] < '1' || s[0] > '5' {
		return false
	}
	digits := strings.TrimRight(s, "x")
	return len(digits) >= 1 && strings.Trim(digits, "0123456789") == ""
}

func matches(patterns []string, status int) bool {
	code := strconv.Itoa(status)
	return slices.ContainsFunc(patterns, func(p string) bool {
		return strings.HasPrefix(code, strings.TrimRight(p, "x"))
	})
}
