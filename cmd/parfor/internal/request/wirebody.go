package request

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
)

type bodyKind int

const (
	noBody bodyKind = iota
	untilLength
	chunked
	untilClose
)

// wireBody is the body of one answer.
type wireBody struct {
	conn      *wireConn
	kind      bodyKind
	left      int64 // of untilLength
	chunks    io.Reader
	ended     bool
	keepAlive bool
}

// init finds out how the body ends: RFC 9112, section 6.3.
func (b *wireBody) init(c *wireConn, method string, resp *Response) error {
	old := resp.Proto == "HTTP/1.0"
	b.conn = c
	b.keepAlive = !hasOption(resp.Header, "Connection", "close") && (!old || hasOption(resp.Header, "Connection", "keep-alive"))
	isChunked, err := chunkedOf(resp.Header, old)
	if err != nil {
		return err
	}
	length, err := lengthOf(resp.Header)
	if err != nil && !isChunked {
		return err
	}
	switch {
	case resp.Status == 101:
		return errors.New("it switches protocols, which was not asked for")
	case !hasBody(method, resp.Status):
		b.kind, b.ended = noBody, true
	case isChunked:
		b.kind, b.chunks = chunked, httputil.NewChunkedReader(c.in)
	case length >= 0:
		b.kind, b.left, b.ended = untilLength, length, length == 0
	default:
		b.kind, b.keepAlive = untilClose, false
	}
	return nil
}

func chunkedOf(h Header, old bool) (bool, error) {
	if old || !h.Has("Transfer-Encoding") {
		return false, nil // HTTP/1.0 has no chunks
	}
	n := 0
	for _, f := range h {
		if strings.EqualFold(f.Name, "Transfer-Encoding") {
			n++
			if n > 1 || !strings.EqualFold(f.Value, "chunked") {
				return false, fmt.Errorf("its Transfer-Encoding %s is not supported", quote(f.Value))
			}
		}
	}
	return true, nil
}

// lengthOf is the Content-Length, -1 without one. Two that differ are an
// error: one of the parties would be fooled.
func lengthOf(h Header) (int64, error) {
	length := int64(-1)
	for _, f := range h {
		if len(f.Name) != len("Content-Length") || !strings.EqualFold(f.Name, "Content-Length") {
			continue
		}
		n, err := strconv.ParseUint(f.Value, 10, 63)
		if err != nil {
			return -1, fmt.Errorf("its Content-Length is %s", quote(f.Value))
		}
		if length >= 0 && length != int64(n) {
			return -1, fmt.Errorf("it has two Content-Lengths, %d and %d", length, n)
		}
		length = int64(n)
	}
	return length, nil
}

func (b *wireBody) Read(p []byte) (n int, err error) {
	if b.ended || b.kind == noBody {
		return 0, io.EOF
	}
	switch b.kind {
	case untilLength:
		if int64(len(p)) > b.left {
			p = p[:b.left]
		}
		n, err = b.conn.in.Read(p)
		if b.left -= int64(n); b.left == 0 {
			b.ended = true
		} else if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return n, err
	case chunked:
		n, err = b.chunks.Read(p)
		if err == io.EOF {
			if err = b.trailer(); err == nil {
				b.ended, err = true, io.EOF
			}
		}
		return n, err
	}
	n, err = b.conn.in.Read(p)
	b.ended = err == io.EOF
	return n, err
}

// trailer reads what follows the last chunk, up to an empty line.
func (b *wireBody) trailer() error {
	for size := 0; size < maxHead; {
		line, err := b.conn.in.ReadSlice('\n')
		size += len(line)
		if isFull(err) {
			continue
		}
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil || len(strings.TrimRight(string(line), "\r\n")) == 0 {
			return err
		}
	}
	return errHead
}

func isFull(err error) bool { return errors.Is(err, bufio.ErrBufferFull) }
