package request

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// wire sends plain HTTP/1.1 requests over connections of its own. net/http
// has two goroutines a connection, and hands each request and each answer
// from one to the other; here the worker writes and reads itself. What it
// can't do goes through net/http; what it does, it does as net/http would,
// which the tests hold it to.
type wire struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	timeout time.Duration
	connect time.Duration
	keep    int // idle connections per address

	mu     sync.Mutex
	idle   map[string][]*wireConn // the last one was used last; a few lists may be empty
	idles  int                    // connections in idle
	closed bool
}

func newWire(d *net.Dialer, o Options) *wire {
	return &wire{dial: d.DialContext, timeout: o.Timeout, connect: o.ConnectTimeout, keep: o.Workers, idle: map[string][]*wireConn{}}
}

// send runs one attempt.
func (w *wire) send(ctx context.Context, c *Client, r *Request, now time.Time) (*Response, error) {
	deadline := time.Time{}
	if w.timeout > 0 {
		deadline = now.Add(w.timeout)
	}
	if d, ok := ctx.Deadline(); ok && (deadline.IsZero() || d.Before(deadline)) {
		deadline = d
	}
	for {
		conn, stage, err := w.get(ctx, r.target.address(), deadline, now)
		if err != nil {
			return nil, w.failed(ctx, r, deadline, stage, 0, err)
		}
		resp, err := conn.exchange(ctx, c, r, deadline)
		if err == nil {
			return resp, nil
		}
		if conn.mayReplay(r) && ctx.Err() == nil && !isTimeout(err) {
			now = time.Now()
			continue
		}
		return nil, w.failed(ctx, r, deadline, conn.stage(), conn.got, err)
	}
}

func (w *wire) failed(ctx context.Context, r *Request, deadline time.Time, stage Stage, got int64, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f := &Failure{Stage: stage, Address: r.target.authority, Got: got, Err: err}
	switch {
	case errors.As(err, new(errLocal)):
		f.Stage = Local
	case !isTimeout(err) && !errors.Is(err, os.ErrDeadlineExceeded):
	case stage == Connect && (deadline.IsZero() || time.Now().Before(deadline)):
		f.Timeout = w.connect
	default:
		f.Timeout = w.timeout
		if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
			return context.DeadlineExceeded // the timer of ctx is a moment late
		}
	}
	return f
}

// get returns an idle connection that is alive, or a new one.
func (w *wire) get(ctx context.Context, address string, deadline, now time.Time) (*wireConn, Stage, error) {
	for {
		c := w.take(address)
		if c == nil {
			break
		}
		if now.Sub(c.idleSince) < idleTimeout && c.alive() {
			c.reused, c.wrote, c.heard, c.got = true, 0, false, 0
			return c, 0, nil
		}
		c.conn.Close()
	}
	if !deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	conn, err := w.dial(ctx, "tcp", address)
	if err != nil {
		return nil, Connect, err
	}
	return newWireConn(w, conn, address), 0, nil
}

func (w *wire) take(address string) *wireConn {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.idle[address]
	if len(list) == 0 {
		return nil
	}
	last := len(list) - 1
	c := list[last]
	list[last] = nil
	w.idles--
	if w.idle[address] = list[:last]; last == 0 && len(w.idle) > fewHosts {
		delete(w.idle, address)
	}
	return c
}

// fewHosts is how many hosts may keep an empty list, so that the usual loop,
// over one host, makes no new one for each request.
const fewHosts = 16

// put takes back a connection whose answer was read to its end.
func (w *wire) put(c *wireConn) {
	c.idleSince = time.Now()
	w.mu.Lock()
	extra := c
	if !w.closed && len(w.idle[c.address]) < w.keep {
		extra = nil
		if w.idles >= maxIdle(w.keep) {
			extra = w.evict()
		}
		w.idle[c.address] = append(w.idle[c.address], c)
		w.idles++
	}
	w.mu.Unlock()
	if extra != nil {
		extra.conn.Close()
	}
}

// evict takes the connection out that waits longest at some host.
func (w *wire) evict() *wireConn {
	for address, list := range w.idle {
		if len(list) == 0 {
			continue
		}
		c := list[0]
		w.idles--
		if len(list) == 1 {
			delete(w.idle, address)
		} else {
			w.idle[address] = append(list[:0], list[1:]...)
		}
		return c
	}
	return nil
}

func (w *wire) close() {
	w.mu.Lock()
	idle := w.idle
	w.idle, w.idles, w.closed = map[string][]*wireConn{}, 0, true
	w.mu.Unlock()
	for _, list := range idle {
		for _, c := range list {
			c.conn.Close()
		}
	}
}

// mayReplay is net/http's rule for sending a request again unseen: the
// connection was used before, so that the server may have closed it just then,
// and either nothing was written, or nothing was heard and the method, or an
// idempotency key, allows it.
func (c *wireConn) mayReplay(r *Request) bool {
	if !c.reused || c.heard {
		return false
	}
	if c.wrote == 0 {
		return true
	}
	switch r.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	return r.Header.Has(idempotencyHeader) || r.Header.Has("X-Idempotency-Key")
}

func (c *wireConn) stage() Stage {
	switch {
	case c.answering:
		return Answering
	case c.wrote == 0:
		return Unhandled
	}
	return Sent
}

// hasOption reports whether a header is a list that has the option.
func hasOption(h Header, header, option string) bool {
	for _, f := range h {
		if len(f.Name) != len(header) || !strings.EqualFold(f.Name, header) {
			continue
		}
		for o := range strings.SplitSeq(f.Value, ",") {
			if strings.EqualFold(strings.TrimSpace(o), option) {
				return true
			}
		}
	}
	return false
}
