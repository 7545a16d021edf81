package link

import (
	"context"
	"net"
	"sync"

	"github.com/nats-io/nats.go"
)

// dialer connects as the client's own would, but while ctx lives: the client
// knows no contexts, and would wait for a server that says nothing for as long as
// it gives one, whoever has changed his mind meanwhile.
type dialer struct {
	theirs nats.CustomDialer // nil: the network
	net    net.Dialer

	mu   sync.Mutex
	ctx  context.Context // nil once connected: mending is nobody's to end
	free []func() bool
	err  error // of the last try: the client forgets that nobody listened
}

// interruptible has the first connection end with ctx, until the returned dialer
// is told that it is there.
func interruptible(ctx context.Context, o *nats.Options) *dialer {
	d := &dialer{theirs: o.CustomDialer, ctx: ctx, net: net.Dialer{Timeout: o.Timeout}}
	if o.Dialer != nil {
		d.net = *o.Dialer
	}
	if o.AllowMultipathTCP != nil {
		d.net.SetMultipathTCP(*o.AllowMultipathTCP)
	}
	o.CustomDialer = d
	return d
}

// Dial is for the client.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock() // the client dials one server after the other
	ctx := d.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	conn, err := d.dial(ctx, network, address)
	d.err = err
	if err == nil && d.ctx != nil {
		d.free = append(d.free, context.AfterFunc(ctx, func() { conn.Close() })) //nolint:errcheck // who reads from it hears
	}
	return conn, err
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if d.theirs != nil {
		return d.theirs.Dial(network, address)
	}
	return d.net.DialContext(ctx, network, address)
}

// SkipTLSHandshake is for the client, which asks whether a dialer does TLS.
func (d *dialer) SkipTLSHandshake() bool {
	s, ok := d.theirs.(interface{ SkipTLSHandshake() bool })
	return ok && s.SkipTLSHandshake()
}

// connected gives the connections to the client alone, and returns why the last
// one did not come to be, if it didn't.
func (d *dialer) connected() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, free := range d.free {
		free()
	}
	d.ctx, d.free = nil, nil
	return d.err
}
