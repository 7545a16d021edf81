package request

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxHead bounds status line and headers of an answer, on both paths.
const maxHead = 1 << 20

// maxInterim bounds how many 1xx answers may come before the real one.
const maxInterim = 5

var (
	errHead    = fmt.Errorf("its headers are longer than %d bytes", maxHead)
	errInterim = fmt.Errorf("more than %d interim answers (1xx)", maxInterim)
)

// readHead reads status line and headers and skips interim answers.
func (c *wireConn) readHead() (*Response, error) {
	for range maxInterim + 1 {
		head, err := c.headBytes()
		if err != nil {
			return nil, err
		}
		resp, err := parseHead(head)
		if err != nil {
			return nil, err
		}
		if resp.Status >= 200 || resp.Status == 101 {
			return resp, nil
		}
	}
	return nil, errInterim
}

// headBytes reads up to the empty line. Nearly always it is in the buffer
// once something is.
func (c *wireConn) headBytes() (string, error) {
	if _, err := c.in.Peek(1); err != nil {
		if errors.Is(err, io.EOF) {
			err = errHungUp
		}
		return "", err
	}
	c.heard = true
	b, _ := c.in.Peek(c.in.Buffered())
	if n := headEnd(b); n > 0 {
		s := string(b[:n])
		_, err := c.in.Discard(n)
		return s, err
	}
	return c.headLines()
}

// headEnd is where a head ends, behind its empty line; 0 if it doesn't.
func headEnd(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0
		}
		if at += i + 1; at < len(b) && b[at] == '\n' {
			return at + 1
		}
		if at+1 < len(b) && b[at] == '\r' && b[at+1] == '\n' {
			return at + 2
		}
	}
}

// headLines reads a head that arrives in pieces, or is longer than the buffer.
func (c *wireConn) headLines() (string, error) {
	c.head = c.head[:0]
	lineStart := 0
	for {
		part, err := c.in.ReadSlice('\n')
		c.head = append(c.head, part...)
		if len(c.head) > maxHead {
			return "", errHead
		}
		if err != nil {
			if isFull(err) {
				continue
			}
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
		line := c.head[lineStart:]
		if n := len(line); n == 1 || n == 2 && line[0] == '\r' {
			if lineStart > 0 {
				return string(c.head), nil
			}
		}
		lineStart = len(c.head)
	}
}

var errHungUp = errors.New("the server closed the connection without an answer")

// parseHead parses what is up to an empty line.
func parseHead(s string) (*Response, error) {
	line, rest := cutLine(s)
	proto, reason, ok := strings.Cut(line, " ")
	if !ok || len(proto) != 8 || !strings.HasPrefix(proto, "HTTP/") || proto[6] != '.' || !isDigit(proto[5]) || !isDigit(proto[7]) {
		return nil, fmt.Errorf("what came is not HTTP: %s", quote(line))
	}
	reason = strings.TrimLeft(reason, " ")
	code, _, _ := strings.Cut(reason, " ")
	if len(code) != 3 || !isDigit(code[0]) || !isDigit(code[1]) || !isDigit(code[2]) || code[0] == '0' {
		return nil, fmt.Errorf("its status line is %s", quote(line))
	}
	if proto[5] != '1' {
		return nil, fmt.Errorf("it answers in %s", proto)
	}
	r := &Response{Proto: proto, Reason: reason, Status: int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')}
	r.Header = make(Header, 0, strings.Count(rest, "\n"))
	for {
		if line, rest = cutLine(rest); line == "" {
			return r, nil
		}
		if line[0] == ' ' || line[0] == '\t' { // an old way to go on with the header before
			if len(r.Header) == 0 {
				return nil, fmt.Errorf("its first header begins with a space: %s", quote(line))
			}
			last := &r.Header[len(r.Header)-1]
			if hasControl(line) {
				return nil, fmt.Errorf("it has a malformed header: %s", quote(line))
			}
			last.Value = strings.TrimSpace(last.Value + " " + strings.Trim(line, " \t"))
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isToken(name) || hasControl(value) {
			return nil, fmt.Errorf("it has a malformed header: %s", quote(line))
		}
		r.Header = append(r.Header, Field{name, strings.Trim(value, " \t")})
	}
}

func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

func hasControl(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
