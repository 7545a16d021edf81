package mockapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// ErrNotLoopback means that an address would be reachable from other machines.
var ErrNotLoopback = errors.New("mockapi: not a loopback address")

// Listen opens addr, such as 127.0.0.1:0. Unless public is set, an address that
// other machines can reach is ErrNotLoopback, and nothing was opened.
func Listen(addr string, public bool) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("mockapi: address %q: %w", addr, err)
	}
	if !public && !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("%w: %s", ErrNotLoopback, addr)
	}
	return net.ListenTCP("tcp", tcp)
}

// Serve answers on l until ctx ends, then lets the running requests finish for
// up to the latency and two seconds, and closes l. It returns nil after ctx
// ended, else why it could not go on.
func (a *API) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that hang up are not news
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("mockapi: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.Latency+a.cfg.Jitter+2*time.Second)
	defer cancel()
	err := srv.Shutdown(grace)
	if err != nil {
		err = errors.Join(err, srv.Close())
	}
	<-served
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("mockapi: shut down: %w", err)
	}
	return nil
}
