package request

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Defaults of [Options].
const (
	DefaultTimeout        = 30 * time.Second
	DefaultConnectTimeout = 10 * time.Second
	DefaultMaxOutput      = 1 << 20
)

// Options say how to send. Zero values mean the defaults.
type Options struct {
	Workers        int           // how many requests run at once: so many connections are kept to a host
	Timeout        time.Duration // of one attempt, from its first to its last byte; 30 s; negative: none
	ConnectTimeout time.Duration // of connecting, TLS included; 10 s

	HTTP1    bool // never HTTP/2
	HTTP2    bool // only HTTP/2; over http:// without asking first (prior knowledge)
	Location bool // follow redirects, ten at most

	Insecure  bool   // accept any certificate; warn the user
	CACert    string // PEM file of authorities to trust instead of the system's
	Cert, Key string // PEM files of a client certificate

	Proxy        string // URL; "": from the environment; "-": none
	Uncompressed bool   // --compressed=false: don't ask for gzip
	UserAgent    string // "parfor"

	MaxOutput int64                 // bytes of an answer that are kept; 1 MiB; negative: all
	OutDir    *OutDir               // where answers of requests with Output go
	Accepts   func(status int) bool // statuses whose answer goes to a file; nil: 2xx

	Standard bool // send everything through net/http: to compare
}

// Client sends requests. It is safe for concurrent use. Close it at the end.
type Client struct {
	opt       Options
	transport *http.Transport
	http      *http.Client
	wire      *wire
	noProxy   bool // for http://
}

// NewClient checks the options and reads the files they name. It connects to
// nothing.
func NewClient(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.defaults()
	proxy, err := proxyOf(o.Proxy)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := o.tls()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: o.ConnectTimeout}
	c := &Client{opt: o, wire: newWire(dialer, o)}
	c.noProxy = proxy == nil || o.Proxy == "" && os.Getenv("HTTP_PROXY") == "" && os.Getenv("http_proxy") == ""
	c.transport = newTransport(o, dialer, proxy, tlsConfig)
	c.http = &http.Client{Transport: c.transport, CheckRedirect: o.redirect}
	return c, nil
}

func (o *Options) check() error {
	if o.HTTP1 && o.HTTP2 {
		return errors.New("--http1 and --http2 exclude each other")
	}
	if (o.Cert == "") != (o.Key == "") {
		return errors.New("--cert and --key belong together: give both")
	}
	return nil
}

func (o *Options) defaults() {
	o.Workers = max(o.Workers, 1)
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}
	if o.MaxOutput == 0 {
		o.MaxOutput = DefaultMaxOutput
	}
	if o.UserAgent == "" {
		o.UserAgent = "parfor"
	}
	if o.Accepts == nil {
		o.Accepts = func(status int) bool { return status >= 200 && status < 300 }
	}
}

func newTransport(o Options, d *net.Dialer, proxy proxyFunc, t *tls.Config) *http.Transport {
	p := new(http.Protocols)
	p.SetHTTP1(!o.HTTP2)
	p.SetHTTP2(!o.HTTP1)
	p.SetUnencryptedHTTP2(o.HTTP2)
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            d.DialContext,
		TLSClientConfig:        t,
		TLSHandshakeTimeout:    o.ConnectTimeout,
		Protocols:              p,
		MaxIdleConns:           maxIdle(o.Workers),
		MaxIdleConnsPerHost:    o.Workers,
		IdleConnTimeout:        idleTimeout,
		DisableCompression:     true, // asked for and undone here, as for plain requests
		MaxResponseHeaderBytes: maxHead,
		ExpectContinueTimeout:  time.Second,
	}
}

// maxIdle bounds idle connections to all hosts together, so that a loop over a
// hundred thousand of them doesn't run out of descriptors.
func maxIdle(workers int) int { return 2*workers + 64 }

const idleTimeout = 90 * time.Second

// redirect keeps the 3xx itself unless --location is given: an item then fails
// with where it was sent to, and no body goes to a host the user never named.
func (o *Options) redirect(_ *http.Request, via []*http.Request) error {
	if !o.Location {
		return http.ErrUseLastResponse
	}
	if len(via) >= maxRedirects {
		return fmt.Errorf("stopped after %d redirects", maxRedirects)
	}
	return nil
}

const maxRedirects = 10

// Do sends the request once and reads the answer. The error is a [*Failure], or
// ctx's error if that ended first. An answer of any status is no error.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	started := time.Now()
	var resp *Response
	var err error
	if c.isPlain(r) {
		resp, err = c.wire.send(ctx, c, r, started)
	} else {
		resp, err = c.sendStandard(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	resp.Started, resp.Took = started, time.Since(started)
	return resp, nil
}

// isPlain reports whether our own connections can carry the request: HTTP/1.1
// without TLS and proxy, its body in memory and small enough for the kernel to
// take while nobody reads the answer.
func (c *Client) isPlain(r *Request) bool {
	if c.opt.Standard || c.opt.HTTP2 || c.opt.Location || r.target.https || r.payload.open != nil ||
		len(r.payload.bytes) > maxPlainBody || r.Header.Has("Expect") || r.Header.Has("Connection") {
		return false
	}
	return !c.isProxied(&r.target)
}

const maxPlainBody = 64 << 10

func (c *Client) isProxied(t *target) bool {
	if c.noProxy {
		return false
	}
	u, err := c.transport.Proxy(&http.Request{URL: &url.URL{Scheme: t.scheme(), Host: t.authority}})
	return u != nil || err != nil
}

// Close closes idle connections. Requests that run keep theirs until they end.
func (c *Client) Close() {
	c.transport.CloseIdleConnections()
	c.wire.close()
}
