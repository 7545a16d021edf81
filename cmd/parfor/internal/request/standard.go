package request

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
)

// sendStandard sends through net/http.
func (c *Client) sendStandard(ctx context.Context, r *Request) (*Response, error) {
	attempt, cancel := context.WithCancel(ctx)
	if c.opt.Timeout > 0 {
		cancel()
		attempt, cancel = context.WithTimeoutCause(ctx, c.opt.Timeout, errTimeout)
	}
	defer cancel()
	var t tracker
	req, err := c.httpRequest(httptrace.WithClientTrace(attempt, t.trace()), r)
	if err != nil {
		return nil, &Failure{Stage: Local, Address: r.target.authority, Err: err}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failed(ctx, attempt, r, t.stage(err), 0, plainError(err))
	}
	defer resp.Body.Close()
	out := &Response{Status: resp.StatusCode, Reason: resp.Status, Proto: resp.Proto, Header: listed(resp.Header)}
	body, length := io.Reader(resp.Body), resp.ContentLength
	if c.gunzips(r) && strings.EqualFold(out.Header.Get("Content-Encoding"), "gzip") && hasBody(r.Method, out.Status) {
		body, length = newGunzip(body), -1
		out.Header = out.Header.without("Content-Encoding", "Content-Length")
	}
	if err := c.keep(out, r, body, length); err != nil {
		return nil, c.failed(ctx, attempt, r, Answering, out.Size, err)
	}
	return out, nil
}

var errTimeout = errors.New("timeout")

func (c *Client) httpRequest(ctx context.Context, r *Request) (*http.Request, error) {
	var body io.ReadCloser
	if !r.payload.empty() {
		var err error
		if body, err = r.payload.reader(); err != nil {
			return nil, err
		}
	}
	u, err := url.Parse(r.URL())
	if err != nil {
		return nil, err
	}
	req := (&http.Request{
		Method: r.Method, URL: u, Host: r.host, Header: make(http.Header, len(r.Header)+2),
		ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	for _, f := range r.Header {
		if strings.EqualFold(f.Name, "Connection") && strings.EqualFold(f.Value, "close") {
			req.Close = true
			continue
		}
		req.Header.Add(f.Name, f.Value)
	}
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header["User-Agent"] = []string{c.opt.UserAgent}
		if r.omit.userAgent {
			req.Header["User-Agent"] = nil
		}
	}
	if c.gunzips(r) {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	if body != nil {
		req.Body, req.ContentLength, req.GetBody = body, r.payload.length(), r.payload.reader
	}
	return req, nil
}

// gunzips reports whether we ask for gzip and undo it; whoever asks with a
// header of their own gets what they asked for.
func (c *Client) gunzips(r *Request) bool {
	return !c.opt.Uncompressed && !r.omit.acceptEncoding && r.Method != http.MethodHead &&
		!r.Header.Has("Accept-Encoding") && !r.Header.Has("Range")
}

// hasBody is false for answers that end with their headers.
func hasBody(method string, status int) bool {
	return method != http.MethodHead && status >= 200 && status != 204 && status != 304
}

// tracker notes how far a request got. Its hooks run on other goroutines.
type tracker struct{ connected, wrote atomic.Bool }

func (t *tracker) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { t.connected.Store(true) },
		WroteHeaders: func() { t.wrote.Store(true) },
	}
}

func (t *tracker) stage(err error) Stage {
	switch {
	case !t.connected.Load():
		return Connect
	case !t.wrote.Load() || unhandled(err):
		return Unhandled
	}
	return Sent
}

// unhandled knows what HTTP/2 servers say of requests they never looked at: a
// refused stream, and a GOAWAY whose last stream is an earlier one. net/http
// sends such a request again itself, a few times; its errors have no types.
func unhandled(err error) bool {
	s := err.Error()
	return strings.Contains(s, "REFUSED_STREAM") || strings.Contains(s, "graceful shutdown GOAWAY")
}

// plainError is the cause without the method and URL that net/http puts before
// it.
func plainError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// failed says what ended an attempt: the caller, its time, or err.
func (c *Client) failed(ctx, attempt context.Context, r *Request, stage Stage, got int64, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f := &Failure{Stage: stage, Address: r.target.authority, Got: got, Err: err}
	switch {
	case errors.As(err, new(errLocal)):
		f.Stage = Local
	case errors.Is(context.Cause(attempt), errTimeout):
		f.Timeout = c.opt.Timeout
	case stage == Connect && isTimeout(err):
		f.Timeout = c.opt.ConnectTimeout
	}
	return f
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// listed is net/http's header as a list.
func listed(h http.Header) Header {
	list := make(Header, 0, len(h))
	for name, values := range h {
		for _, v := range values {
			list = append(list, Field{name, v})
		}
	}
	return list
}

func (h Header) without(names ...string) Header {
	kept := h[:0]
next:
	for _, f := range h {
		for _, n := range names {
			if strings.EqualFold(f.Name, n) {
				continue next
			}
		}
		kept = append(kept, f)
	}
	return kept
}
