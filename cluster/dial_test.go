package cluster_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster"
)

// Who connects to something that says nothing can change his mind.
func TestConnectEndsWithItsContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	mind := errors.New("changed my mind")
	for what, try := range map[string]func(context.Context) error{
		"Connect": func(ctx context.Context) error {
			_, err := cluster.Connect(ctx, "nats://"+silent.Addr().String())
			return err
		},
		"Serve": func(ctx context.Context) error {
			return cluster.Serve(ctx, "nats://"+silent.Addr().String(), cluster.Goroutines(1))
		},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error, 1)
		go func() { failed <- try(ctx) }()
		conn, err := silent.Accept()
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		cancel(mind)
		if err := <-failed; !errors.Is(err, mind) || time.Since(began) > soon {
			t.Errorf("%s: %v, after %v", what, err, time.Since(began))
		}
		conn.Close()
	}
}

// Where nobody listens the error says so.
func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = cluster.Connect(within(t), "nats://secret@"+l.Addr().String())
	if !errors.Is(err, nats.ErrNoServers) || !errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

// theirs is a way to the server of the caller's own.
type theirs struct {
	net.Dialer
	used chan string
}

func (d *theirs) Dial(network, address string) (net.Conn, error) {
	d.used <- address
	return d.Dialer.Dial(network, address)
}

// A dialer of the caller's is used, first and later.
func TestTheirDialer(t *testing.T) {
	s := serverAt(t)
	d := &theirs{used: make(chan string, 10)}
	x := connected(t, s.URL(), cluster.NATS(nats.SetCustomDialer(d)))
	defer x.Close()
	if len(d.used) != 1 {
		t.Errorf("it was used %d times", len(d.used))
	}
}
