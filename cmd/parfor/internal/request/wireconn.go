package request

import (
	"bufio"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// wireConn is one connection. One worker has it at a time.
type wireConn struct {
	wire    *wire
	conn    net.Conn
	raw     syscall.RawConn // to look at without waiting
	address string
	in      *bufio.Reader
	out     []byte // a request, reused
	head    []byte // an answer's head, reused

	idleSince time.Time
	deadline  time.Time // that the connection has now

	// Of the request that runs:
	reused    bool  // others ran on it before
	wrote     int   // bytes of the request that the kernel took
	heard     bool  // a byte of the answer arrived
	answering bool  // its head was read
	got       int64 // bytes of its body
}

func newWireConn(w *wire, conn net.Conn, address string) *wireConn {
	c := &wireConn{wire: w, conn: conn, address: address, in: bufio.NewReaderSize(conn, 4096)}
	if s, ok := conn.(syscall.Conn); ok {
		c.raw, _ = s.SyscallConn()
	}
	return c
}

// exchange sends the request and reads the answer. Afterwards the connection
// is idle again, or closed.
func (c *wireConn) exchange(ctx context.Context, client *Client, r *Request, deadline time.Time) (*Response, error) {
	keep := false
	defer func() {
		if keep {
			c.wire.put(c)
		} else {
			c.conn.Close()
		}
	}()
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { c.conn.Close() })
		defer func() { keep = stop() && keep }()
	}
	c.answering = false
	c.limit(deadline)
	if err := c.write(client, r); err != nil {
		// The server may have answered before it hung up: 413, say.
		if resp, keepErr := c.read(client, r, new(bool)); keepErr == nil {
			return resp, nil
		}
		return nil, err
	}
	return c.read(client, r, &keep)
}

// limit sets the deadline, at most 2 % late so that a busy connection's need
// not be set for each request.
func (c *wireConn) limit(deadline time.Time) {
	if deadline.IsZero() {
		if !c.deadline.IsZero() {
			c.deadline = deadline
			c.conn.SetDeadline(deadline)
		}
		return
	}
	slack := c.wire.timeout / 50
	if c.deadline.Before(deadline) || c.deadline.Sub(deadline) > slack {
		c.deadline = deadline.Add(slack)
		c.conn.SetDeadline(c.deadline)
	}
}

func (c *wireConn) write(client *Client, r *Request) error {
	b := c.out[:0]
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.target.path...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	if r.host != "" {
		b = append(b, r.host...)
	} else {
		b = append(b, r.target.authority...)
	}
	if !r.omit.userAgent && !r.Header.Has("User-Agent") {
		b = append(b, "\r\nUser-Agent: "...)
		b = append(b, client.opt.UserAgent...)
	}
	if n := len(r.payload.bytes); n > 0 || r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH" {
		b = append(b, "\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(n), 10)
	}
	for _, h := range r.Header {
		b = append(b, '\r', '\n')
		b = append(b, h.Name...)
		b = append(b, ':', ' ')
		b = append(b, h.Value...)
	}
	if client.gunzips(r) {
		b = append(b, "\r\nAccept-Encoding: gzip"...)
	}
	b = append(b, "\r\n\r\n"...)
	b = append(b, r.payload.bytes...)
	c.out = b
	n, err := c.conn.Write(b)
	c.wrote = n
	return err
}

// read reads an answer; keep is set if the connection can be used again.
func (c *wireConn) read(client *Client, r *Request, keep *bool) (*Response, error) {
	resp, err := c.readHead()
	if err != nil {
		return nil, err
	}
	var body wireBody
	if err := body.init(c, r.Method, resp); err != nil {
		return nil, err
	}
	c.answering = true
	from, length := io.Reader(&body), body.left
	if body.kind != untilLength {
		length = -1
	}
	if client.gunzips(r) && body.kind != noBody && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		from, length = newGunzip(from), -1
		resp.Header = resp.Header.without("Content-Encoding", "Content-Length")
	}
	if body.kind != noBody {
		if err := client.keep(resp, r, from, length); err != nil {
			c.got = resp.Size
			return nil, err
		}
	} else if err := client.keep(resp, r, &body, 0); err != nil {
		return nil, err
	}
	// More than the answer means that what follows can't be told apart.
	*keep = body.ended && body.keepAlive && c.in.Buffered() == 0
	return resp, nil
}
