package cluster_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// load is what there is of all that could grow with each loop.
type load struct {
	goroutines, consumers int
	messages              uint64
	subscriptions         uint32
}

// counting is a server that is asked for its load.
type counting struct {
	*server.Server
	js jetstream.JetStream
}

func countingServer(t *testing.T) counting {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	return counting{srv, watched(t, srv.ClientURL())}
}

func (c counting) load(t *testing.T) (now load) {
	t.Helper()
	for _, name := range []string{"PF_default_T", "PF_default_R", "PF_default_L", "PF_default_B"} {
		s, err := c.js.Stream(within(t), name)
		if err != nil {
			t.Fatal(err)
		}
		now.consumers += s.CachedInfo().State.Consumers
		now.messages += s.CachedInfo().State.Msgs
	}
	now.goroutines, now.subscriptions = runtime.NumGoroutine(), c.NumSubscriptions()
	return now
}

// grown checks that there is no more of anything than before, once what is on its
// way has come.
func (c counting) grown(t *testing.T, before load) {
	t.Helper()
	var now load
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		now = c.load(t)
		if now.goroutines <= before.goroutines+5 && // the server's come and go
			now.consumers <= before.consumers && now.messages <= before.messages && now.subscriptions <= before.subscriptions {
			t.Logf("%+v, and before it was %+v", now, before)
			return
		}
	}
	t.Errorf("%+v, and before it was %+v", now, before)
}

func watched(t *testing.T, url string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// A thousand loops, one after the other (a hundred without -faults), leave nothing: no message, consumer,
// subscription or goroutine.
//
//	go test . -run 'ThousandLoops|FiftyLoops' -faults -v
func TestThousandLoops(t *testing.T) {
	s := countingServer(t)
	x := connected(t, s.ClientURL())
	serve(t, s.ClientURL(), 1)
	slotsOf(t, x, 1)
	one := func() {
		if out, err := parfor.Map(within(t), parfor.Range(2), square, parfor.On(x)); err != nil || out[1] != 1 {
			t.Fatal(out, err)
		}
	}
	for range 20 {
		one()
	}
	before := s.load(t)
	n := 100
	if *faults {
		n = 1000
	}
	for range n {
		one()
	}
	s.grown(t, before)
}

// blink takes a moment.
func blink(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(2 * time.Millisecond):
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

var _ = parfor.Register(blink)

// Fifty loops (ten) at once on one lane: between two results of one come about as many of
// the others as they may have under way, and not all that they have. None has a
// consumer of its own, and when they are over nothing is left.
func TestFiftyLoops(t *testing.T) {
	s := countingServer(t)
	x := connected(t, s.ClientURL())
	serve(t, s.ClientURL(), 1, cluster.Goroutines(1))
	slotsOf(t, x, 1)
	if _, err := parfor.Map(within(t), parfor.Range(50), blink, parfor.On(x), parfor.Chunk(1)); err != nil {
		t.Fatal(err)
	}
	before := s.load(t)
	loops := 10
	if *faults {
		loops = 50
	}
	const items = 24
	const window = 8 // of chunks, for one slot and items of some milliseconds
	var all atomic.Int64
	longest := make([]int64, loops)
	var running sync.WaitGroup
	for i := range loops {
		running.Go(func() {
			last := all.Load()
			for _, err := range parfor.Stream(within(t), each(items), blink, parfor.On(x), parfor.Chunk(1)) {
				if err != nil {
					t.Error(err)
				}
				now := all.Add(1)
				longest[i], last = max(longest[i], now-last), now
			}
		})
	}
	until(t, func() bool { return all.Load() > int64(loops*items/2) })
	if during := s.load(t); during.consumers > before.consumers {
		t.Errorf("%d consumers, and %d before", during.consumers, before.consumers)
	}
	running.Wait()
	t.Logf("the longest wait was for %d results of others, of %d", slices.Max(longest), loops*items)
	if n := slices.Max(longest); n > int64(loops*window*3/2) {
		t.Errorf("a loop waited for %d results of others", n)
	}
	s.grown(t, before)
}
