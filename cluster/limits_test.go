package cluster_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/dict"
)

var squares = dict.New[int, int]("squares")

// store writes to a dictionary, and swallows the error in the way bodies do.
func store(ctx context.Context, n int) (int, error) {
	return n, squares.Set(ctx, n, n*n)
}

func key(ctx context.Context, _ int) (string, error) { return parfor.Key(ctx), nil }

var (
	_ = parfor.Register(store)
	_ = parfor.Register(key)
)

// An agent on goroutines has dictionaries of its own, which are not the loop's: an
// operation says so, whose task has no effect.
func TestDictionariesAreRefused(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	serve(t, s.URL(), 1, cluster.Goroutines(1))
	slotsOf(t, x, 1)
	_, err := parfor.Map(within(t), parfor.Range(3), store, parfor.On(x))
	if err == nil || !strings.Contains(err.Error(), "start it with Processes") {
		t.Errorf("got %v", err)
	}
	if n, err := squares.Len(within(t)); n != 0 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

// The key of a task is the owner's, whichever agent runs it: the loop's and the
// item's.
func TestKeysAreTheOwners(t *testing.T) {
	x, s := ready(t, 1)
	serve(t, s.URL(), 1)
	slotsOf(t, x, 2)
	keys, err := parfor.Map(within(t), parfor.Range(50), key, parfor.On(x), parfor.Chunk(1))
	if err != nil {
		t.Fatal(err)
	}
	prefix, _, _ := strings.Cut(keys[0], "-0")
	for i, k := range keys {
		if !strings.HasPrefix(k, prefix+"-") || i > 0 && k == keys[i-1] {
			t.Fatalf("item %d: %s, item 0: %s", i, k, keys[0])
		}
	}
}

// A cancelled loop leaves nothing, and the next one is none the worse.
func TestCancelLeavesNothing(t *testing.T) {
	x, s := ready(t, 2)
	mind := errors.New("changed my mind")
	for range 5 {
		ctx, cancel := context.WithCancelCause(within(t))
		n := 0
		for _, err := range parfor.Stream(ctx, each(1000), nap, parfor.On(x)) {
			if n++; n == 3 {
				cancel(mind)
			}
			if err != nil && !errors.Is(err, mind) {
				t.Error(err)
			}
		}
		cancel(nil)
		if n > 100 {
			t.Errorf("%d results", n)
		}
	}
	if out, err := parfor.Map(within(t), parfor.Range(9), square, parfor.On(x)); err != nil || out[8] != 64 {
		t.Errorf("%v, %v", out, err)
	}
	x.Close()
	empty(t, s.URL())
}

// A chunk that is delivered twice, under a number of its own: the item's first
// result counts.
func TestDuplicateDelivery(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	nc, js := beside(t, s.URL())
	defer nc.Close()
	var copied atomic.Int64
	spy, err := nc.Subscribe("pf.default.t.>", func(m *nats.Msg) {
		at := strings.LastIndexByte(m.Subject, '.')
		if copied.Load() < 20 && m.Header.Get("Nats-Msg-Id") != "" {
			copied.Add(1)
			twin := nats.NewMsg(m.Subject[:at] + ".9" + m.Subject[at+1:])
			twin.Data = m.Data
			js.PublishMsgAsync(twin)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer spy.Unsubscribe()
	nc.Flush()
	serve(t, s.URL(), 2)
	slotsOf(t, x, 2)
	whole(t, x, s.URL(), 60, func() {})
	if copied.Load() == 0 {
		t.Error("nothing was delivered twice")
	}
}

func TestOptions(t *testing.T) {
	s := serverAt(t)
	_, err := cluster.Connect(t.Context(), s.URL(), cluster.Namespace("Not This"), cluster.DrainGrace(time.Second), cluster.Replicas(2), cluster.WaitForAgents(-1),
		cluster.Lease(1), cluster.KeepAbandoned(-1, 0))
	for _, word := range []string{"Namespace", "DrainGrace is for cluster.Serve", "Replicas", "WaitForAgents", "Lease", "KeepAbandoned"} {
		if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), word) {
			t.Errorf("%s is missing: %v", word, err)
		}
	}
	err = cluster.Serve(t.Context(), s.URL(), cluster.WaitForAgents(1), cluster.Redeliver(1), cluster.MaxDeliveries(0), cluster.Version(""), cluster.Processes(-1))
	for _, word := range []string{"WaitForAgents is for cluster.Connect", "Redeliver", "MaxDeliveries", "Version", "Processes"} {
		if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), word) {
			t.Errorf("%s is missing: %v", word, err)
		}
	}
}

// A server beyond this machine is not spoken to in the clear, or without
// credentials, and the address's secret is in no error.
func TestInsecure(t *testing.T) {
	for _, url := range []string{"nats://192.0.2.1:4222", "nats://secret@192.0.2.1:4222", "tls://192.0.2.1:4222", "nats://127.0.0.1:4222,nats://192.0.2.1", "192.0.2.1"} {
		if _, err := cluster.Connect(t.Context(), url); !errors.Is(err, cluster.ErrInsecure) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
	s := serverAt(t)
	wrong := strings.Replace(s.URL(), "nats://", "nats://wrong-secret-", 1)
	if _, err := cluster.Connect(t.Context(), wrong); !errors.Is(err, nats.ErrAuthorization) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
