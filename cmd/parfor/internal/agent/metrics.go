package agent

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"parfor.dev/parfor/metrics"
)

// headTime is how long who asks for numbers may take to say so.
const headTime = 5 * time.Second

// serveMetrics has the agent's numbers at http://address/metrics until end is
// called, which waits for that. Say is told where.
func serveMetrics(address string, say func(string)) (end func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", metrics.New())
	s := &http.Server{Handler: mux, ReadHeaderTimeout: headTime}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			slog.Warn("parfor: the agent's numbers are not served any more", "error", err)
		}
	}()
	if say != nil {
		say(fmt.Sprintf("numbers for Prometheus: http://%s/metrics", l.Addr()))
	}
	return func() {
		s.Close() //nolint:errcheck // of the listener, which nobody needs
		<-done
	}, nil
}
