package request

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// target is a rendered URL in the pieces that are sent: all of it is ASCII
// and needs no further escaping.
type target struct {
	https     bool
	authority string // host or host:port, as in the Host header
	path      string // path and query, begins with a slash
	user      string // value of an Authorization header, from user:password@
}

func (t *target) scheme() string {
	if t.https {
		return "https"
	}
	return "http"
}

func (t *target) String() string { return t.scheme() + "://" + t.authority + t.path }

// address is where to connect to.
func (t *target) address() string {
	if strings.LastIndexByte(t.authority, ':') > strings.LastIndexByte(t.authority, ']') {
		return t.authority
	}
	if t.https {
		return t.authority + ":443"
	}
	return t.authority + ":80"
}

// parseTarget takes a whole URL apart, such as one that an item is.
func parseTarget(s string) (target, error) {
	if i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
		return target{}, fmt.Errorf("URL %s: it has a control character", quote(s))
	}
	u, err := url.Parse(s)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return target{}, fmt.Errorf("URL %s: %w", quote(s), err)
	}
	switch u.Scheme {
	case "http", "https":
	case "":
		return target{}, fmt.Errorf("URL %s: it must begin with http:// or https://", quote(s))
	default:
		return target{}, fmt.Errorf("URL %s: %s:// is not supported, only http:// and https://", quote(s), u.Scheme)
	}
	t := target{https: u.Scheme == "https"}
	if t.authority, err = checkAuthority(u.Host); err != nil {
		return target{}, fmt.Errorf("URL %s: %w", quote(s), err)
	}
	path, query, hasQuery := strings.Cut(u.RequestURI(), "?")
	for segment := range strings.SplitSeq(path, "/") {
		if err := checkSegment(segment); err != nil {
			return target{}, fmt.Errorf("URL %s: %w", quote(s), err)
		}
	}
	t.path = literal(path)
	if hasQuery {
		t.path += "?" + literal(query)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		t.user = basic(u.User.Username() + ":" + password)
	}
	return t, nil
}

// checkAuthority accepts a host name, an IPv4 address or an [IPv6] one, with or
// without a port, and returns it in small letters.
func checkAuthority(s string) (string, error) {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '+' {
			return "", fmt.Errorf("host %s: %q is no port from 1 to 65535", quote(s), port)
		}
	}
	if err := checkHost(host); err != nil {
		return "", err
	}
	return strings.ToLower(s), nil
}

func checkHost(host string) error {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if a, err := netip.ParseAddr(inner); !ok || err != nil || !a.Is6() || a.Zone() != "" {
			return fmt.Errorf("host %s is no IPv6 address in brackets", quote(host))
		}
		return nil
	}
	if len(host) > 253 {
		return fmt.Errorf("host %s is longer than 253 letters", quote(host))
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 {
			return fmt.Errorf("host %s: a part between the dots has %d letters, not 1 to 63", quote(host), len(label))
		}
		for _, c := range []byte(label) {
			switch {
			case c >= 0x80:
				return fmt.Errorf("host %s: write names in other scripts in their xn-- form", quote(host))
			case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_':
			default:
				return fmt.Errorf("host %s: %q can't be in a host's name", quote(host), c)
			}
		}
	}
	return nil
}

var errDots = errors.New("a . or .. segment leads to another path")

// checkSegment refuses a path segment that climbs, also one that would once a
// server unescapes it.
func checkSegment(escaped string) error {
	if !strings.Contains(escaped, ".") && !strings.Contains(escaped, "%2") {
		return nil
	}
	s, err := url.PathUnescape(escaped)
	if err != nil {
		return err
	}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return errDots
		}
	}
	return nil
}

// literal escapes of text that is meant as part of a URL what can't be in one:
// spaces, other scripts, quotes. It keeps escapes that are there.
func literal(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 || !isURL(byte(r)) }) < 0 {
		return s
	}
	var b []byte
	for _, c := range []byte(s) {
		if isURL(c) {
			b = append(b, c)
		} else {
			b = appendHex(b, c)
		}
	}
	return string(b)
}

func isURL(c byte) bool { return c > ' ' && c < 0x7f && strings.IndexByte("\"<>\\^`{|}", c) < 0 }

func appendHex(dst []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(dst, '%', digits[c>>4], digits[c&15])
}
