// Package link is a program's connection to a cluster, as its executors and
// agents share it: one that never gives up, with a post that sends again.
package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
)

// ErrInsecure means that a server beyond this machine is to be used without
// TLS or without credentials.
var ErrInsecure = errors.New("parfor: a server beyond this machine takes a tls:// address and credentials: whoever reaches it can run this program's functions, and read what they are given and return")

// Config says where the cluster is.
type Config struct {
	URL     string
	Name    string // for people, in the server's lists
	Side    string // "agent" or "owner": whose answers it reads
	Space   names.Space
	Store   names.Store
	Options []nats.Option
}

// Link is a connection. Its fields are safe for concurrent use.
type Link struct {
	NC    *nats.Conn
	JS    jetstream.JetStream
	Post  *post.Post
	Space names.Space

	denials   denials
	storeless denials
	quit      context.CancelFunc
	watching  sync.WaitGroup
}

const (
	pingEvery = 20 * time.Second
	pingsOut  = 2
	dialTime  = 10 * time.Second
	retryTime = 100 * time.Millisecond
)

// Dial connects, and makes the streams that aren't there. It blocks until then.
func Dial(ctx context.Context, c Config) (*Link, error) {
	l := &Link{Space: c.Space}
	var there atomic.Pointer[post.Post]
	setup, cancel := context.WithTimeout(ctx, 3*dialTime)
	defer cancel()
	var d *dialer
	opts := append([]nats.Option{
		nats.Name(c.Name), nats.Timeout(dialTime), nats.MaxReconnects(-1), nats.ReconnectWait(retryTime), nats.ReconnectJitter(retryTime, time.Second),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsOut),
		nats.CustomInboxPrefix(c.Space.Inbox(c.Side)),
	}, c.Options...)
	opts = append(opts, func(o *nats.Options) error { // the caller may have handlers, too
		heard, closed, back := o.AsyncErrorCB, o.ClosedCB, o.ReconnectedCB
		o.ReconnectedCB = func(nc *nats.Conn) {
			if p := there.Load(); p != nil {
				p.Resend()
			}
			if back != nil {
				back(nc)
			}
		}
		o.AsyncErrorCB = func(nc *nats.Conn, sub *nats.Subscription, err error) {
			l.complain(there.Load(), sub, err)
			if heard != nil {
				heard(nc, sub, err)
			}
		}
		o.ClosedCB = func(nc *nats.Conn) { // by us, or because its credentials are good no more
			l.denials.hear(fmt.Errorf("%w: it ended the connection: %w", ErrDenied, nc.LastError()))
			if closed != nil {
				closed(nc)
			}
		}
		d = interruptible(setup, o)
		return nil
	})
	if err := guarded(c.URL, opts); err != nil {
		return nil, err
	}
	setup, unguard := l.Guard(setup) // before there is anything to be denied
	defer unguard()
	nc, err := nats.Connect(c.URL, opts...)
	last := d.connected()
	if err != nil {
		switch {
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case errors.Is(err, nats.ErrNoServers) && last != nil:
			err = fmt.Errorf("%w: %w", err, last)
		case unknown(err):
			return nil, fmt.Errorf("%w: it does not take the credentials: at %s: %w", ErrDenied, redacted(c.URL), err)
		}
		return nil, fmt.Errorf("parfor: the cluster at %s: %w", redacted(c.URL), err)
	}
	l.NC = nc
	if l.JS, err = jetstream.New(nc); err == nil {
		l.Post, err = post.New(nc)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	there.Store(l.Post)
	watch, quit := context.WithCancel(context.Background())
	l.quit = quit
	l.watching.Go(func() { l.watch(watch) })
	if err := c.Space.Ensure(setup, l.JS, c.Store); err != nil {
		l.Close()
		return nil, Explain(setup, err)
	}
	return l, nil
}

// Close ends the connection; what the post has open fails.
func (l *Link) Close() {
	l.denials.close()
	l.quit()
	l.watching.Wait()
	l.Post.Close()
	l.NC.Close()
}

// guarded refuses to send secrets and functions' inputs over a network in the
// clear.
func guarded(addresses string, opts []nats.Option) error {
	o := nats.GetDefaultOptions()
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return err
		}
	}
	for address := range strings.SplitSeq(addresses, ",") {
		address = strings.TrimSpace(address)
		if !strings.Contains(address, "://") {
			address = "nats://" + address
		}
		u, err := url.Parse(address)
		if err != nil {
			return errors.New("parfor: the address of the cluster is no URL") // whose text may have a secret
		}
		if near(u.Hostname()) || o.InProcessServer != nil {
			continue
		}
		secure := u.Scheme == "tls" || u.Scheme == "wss" || o.Secure || o.TLSConfig != nil
		known := u.User != nil || o.User != "" || o.UserInfo != nil || o.Token != "" || o.TokenHandler != nil || o.UserJWT != nil || o.Nkey != "" || o.TLSCertCB != nil
		if !secure || !known {
			return ErrInsecure
		}
	}
	return nil
}

func near(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// redacted is an address without its secret.
func redacted(addresses string) string {
	var out []string
	for address := range strings.SplitSeq(addresses, ",") {
		if u, err := url.Parse(strings.TrimSpace(address)); err == nil {
			u.User = nil
			address = u.String()
		} else {
			address = "(no URL)"
		}
		out = append(out, address)
	}
	return strings.Join(out, ",")
}
