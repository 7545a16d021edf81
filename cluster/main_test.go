package cluster_test

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) { process.TestMain(program{tests{m}}) }

// patience bounds every wait of these tests. A test that needs it has failed.
const patience = 30 * time.Second

// within is a context that ends a test which would hang.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("the test hangs"))
	t.Cleanup(cancel)
	return ctx
}

// serverAt runs a server on a folder of its own, until the test ends.
func serverAt(t *testing.T, opts ...embed.Option) *embed.Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "parfor-test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := embed.Open(t.Context(), dir, opts...)
	if err != nil {
		os.RemoveAll(dir)
		t.Fatal(err)
	}
	t.Cleanup(func() { closeLater(s, dir) })
	return s
}

// connected is an executor of the test's own.
func connected(t *testing.T, url string, opts ...cluster.Option) *cluster.Executor {
	t.Helper()
	x, err := cluster.Connect(context.WithoutCancel(t.Context()), url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return x
}

// serve runs an agent in this program until end is called, or the test ends.
func serve(t *testing.T, url string, slots int, opts ...cluster.Option) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	opts = append([]cluster.Option{cluster.Processes(slots, process.Stderr(io.Discard), process.Env("GORACE=atexit_sleep_ms=0")),
		cluster.Redeliver(2 * time.Second)}, opts...)
	done := make(chan error, 1)
	go func() { done <- cluster.Serve(ctx, url, opts...) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(end)
	return end
}

// slotsOf waits until the executor knows of that many slots.
func slotsOf(t *testing.T, x *cluster.Executor, n int) {
	t.Helper()
	ctx := within(t)
	for x.Slots() != n {
		select {
		case <-ctx.Done():
			t.Fatalf("%d slots, want %d", x.Slots(), n)
		case <-time.After(time.Millisecond):
		}
	}
}

// ready is an executor with one agent of that many slots.
func ready(t *testing.T, slots int) (*cluster.Executor, *embed.Server) {
	s := serverAt(t, embed.MaxPayload(16<<20))
	x := connected(t, s.URL())
	serve(t, s.URL(), slots)
	slotsOf(t, x, slots)
	return x, s
}

// beside is a connection of the test's own, to look at what is in the cluster or
// to send something. It is to be closed.
func beside(t *testing.T, url string, opts ...nats.Option) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		t.Fatal(err)
	}
	return nc, js
}

// empty checks that nothing of any loop is left in the cluster.
func empty(t *testing.T, url string, opts ...nats.Option) {
	t.Helper()
	nc, js := beside(t, url, opts...)
	defer nc.Close()
	ctx := within(t)
	for _, name := range []string{"PF_default_T", "PF_default_R", "PF_default_L", "PF_default_B"} {
		for {
			s, err := js.Stream(ctx, name)
			if err != nil {
				t.Fatal(err)
			}
			if n := s.CachedInfo().State.Msgs; n == 0 {
				break
			}
			select {
			case <-ctx.Done():
				t.Fatalf("%d messages are left in %s", s.CachedInfo().State.Msgs, name)
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

func square(_ context.Context, n int) (int, error) { return n * n, nil }

var _ = parfor.Register(square)
