package cluster_test

import (
	"context"
	"errors"
	"flag"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/trio"
	"parfor.dev/parfor/dict/dicttest"
	"parfor.dev/parfor/executortest"
	"parfor.dev/parfor/internal/registry"
)

// faults turns on what kills servers, and waits for elections:
//
//	go test . -run 'Servers|AnswersLost|Full|Outage|Memory|Networks|Loops' -faults -v -timeout 20m
var faults = flag.Bool("faults", false, "run the tests that take servers down, fill disks, or make networks")

// slow skips a test of some seconds with -short.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
}

// longPatience bounds the waits of tests in which servers elect leaders.
const longPatience = 90 * time.Second

func three(t *testing.T) *trio.Trio {
	t.Helper()
	if !*faults {
		t.Skip("it takes a minute: run it with -faults")
	}
	t.Setenv(storedOn, "3")
	return trio.Start(t)
}

func long(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), longPatience)
	t.Cleanup(cancel)
	return ctx
}

// stall is the longest time without a result since it was last asked.
type stall struct {
	last    time.Time
	longest time.Duration
}

func (s *stall) note() {
	now := time.Now()
	if !s.last.IsZero() {
		s.longest = max(s.longest, now.Sub(s.last))
	}
	s.last = now
}

// lasts runs a loop through something that happens to the servers, and checks that
// each item has its result. Nothing may fail of it.
func lasts(t *testing.T, c *trio.Trio, n int, happens func()) {
	t.Helper()
	agentProcess(t, c.URL(), 2)
	agentProcess(t, c.URL(), 2)
	x := connected(t, c.URL(), cluster.Replicas(3))
	slotsOf(t, x, 4)
	got, s := map[int]int{}, stall{}
	for r, err := range parfor.Stream(long(t), each(n), nap, parfor.On(x)) {
		if err != nil {
			tell(t, c.URL())
			t.Fatalf("after %d results: %v", len(got), err)
		}
		if _, twice := got[r.Index]; twice || r.Out != r.In*r.In {
			t.Errorf("item %d: %d, twice: %v", r.In, r.Out, twice)
		}
		got[r.Index] = r.Out
		s.note()
		if len(got) == n/4 {
			happens()
		}
	}
	t.Logf("the longest time without a result was %v", s.longest.Round(time.Millisecond))
	if len(got) != n {
		t.Errorf("%d results of %d", len(got), n)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, c.URL())
}

// tell logs what the servers have, for a test that fails.
func tell(t *testing.T, url string) {
	nc, err := nats.Connect(url)
	if err != nil {
		t.Log(err)
		return
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Log(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, name := range []string{"PF_default_T", "PF_default_R", "PF_default_L"} {
		s, err := js.Stream(ctx, name)
		if err != nil {
			t.Log(name, err)
			continue
		}
		t.Logf("%s: %d messages, to %d", name, s.CachedInfo().State.Msgs, s.CachedInfo().State.LastSeq)
		for c := range s.ListConsumers(ctx).Info() {
			t.Logf("  %s of %v: %d pending, %d with agents, %d wait, delivered to %d", c.Name, c.Config.FilterSubject, c.NumPending, c.NumAckPending, c.NumWaiting, c.Delivered.Stream)
		}
	}
}

func TestServersLeaderKilled(t *testing.T) {
	for _, stream := range []string{"PF_default_T", "PF_default_R", "PF_default_L"} {
		t.Run(stream, func(t *testing.T) {
			c := three(t)
			lasts(t, c, 800, func() {
				at := c.LeaderOf(stream)
				c.Kill(at)
			})
		})
	}
}

func TestServersMetaLeaderKilled(t *testing.T) {
	c := three(t)
	lasts(t, c, 800, func() { c.Kill(c.MetaLeader()) })
}

func TestServersLeaderStopped(t *testing.T) {
	c := three(t)
	lasts(t, c, 800, func() { c.Stop(c.LeaderOf("PF_default_R")) })
}

// Two of three are no majority: everything waits until they are back.
func TestServersTwoKilled(t *testing.T) {
	c := three(t)
	lasts(t, c, 800, func() {
		first := c.LeaderOf("PF_default_R")
		second := (first + 1) % 3
		c.Kill(first)
		c.Kill(second)
		time.AfterFunc(5*time.Second, func() {
			c.Start(first)
			c.Start(second)
		})
	})
}

// Updates of one key by eight slots, of three servers whose leader is killed
// meanwhile: none is lost, and no read is of an older commit.
//
//	go test . -run ServersDictionary -faults -v
func TestServersDictionary(t *testing.T) {
	c := three(t)
	dicttest.Fresh(t)
	agentProcess(t, c.URL(), 4)
	agentProcess(t, c.URL(), 4)
	x := connected(t, c.URL(), cluster.Replicas(3))
	slotsOf(t, x, 8)
	const n = 400
	var seen []int
	for r, err := range parfor.Stream(long(t), each(n), bump, parfor.On(x), parfor.OnConflict(parfor.Rerun)) {
		if err != nil {
			t.Fatal(err)
		}
		if seen = append(seen, r.Out); len(seen) == n/4 {
			c.Kill(c.LeaderOf("PF_default_L"))
		}
	}
	slices.Sort(seen)
	for i, v := range seen {
		if v != i {
			t.Fatalf("the result of rank %d is %d", i, v)
		}
	}
	if got := told(t, "bumps"); got != n || len(seen) != n {
		t.Errorf("%d bumps, %d results", got, len(seen))
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, c.URL())
}

// TestServersExecutor is what every executor promises, against three servers.
func TestServersExecutor(t *testing.T) {
	c := three(t)
	spaces := 0
	executortest.Run(t, executortest.Cluster, func(t *testing.T, slots int) parfor.Executor {
		spaces++
		name := "t" + strconv.Itoa(spaces)
		space := cluster.Namespace(name)
		t.Cleanup(func() { removeSpace(t, c.URL(), names.Space(name)) })
		x := connected(t, c.URL(), cluster.Replicas(3), space)
		serve(t, c.URL(), slots, cluster.Replicas(3), space, cluster.Only(functionsOf("parfor.dev/parfor/executortest.")...))
		slotsOf(t, x, slots)
		return x
	})
}

// functionsOf are the registered functions whose names begin so. An agent makes a
// lane for each, and on three servers each lane is a group of its own that elects
// leaders: hundreds that nobody uses keep two cores busy.
func functionsOf(prefix string) (all []string) {
	for _, b := range registry.All() {
		if strings.HasPrefix(b.Name, prefix) {
			all = append(all, b.Name)
		}
	}
	return all
}

// removeSpace removes a namespace's streams, and the lanes with them.
func removeSpace(t *testing.T, url string, space names.Space) {
	nc, err := nats.Connect(url)
	if err != nil {
		t.Error(err)
		return
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Error(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, stream := range []string{space.Tasks(), space.Results(), space.Loops(), space.Blobs(), space.Dead(), space.Entries()} {
		if err := names.Persist(ctx, func(ctx context.Context) error { return js.DeleteStream(ctx, stream) }); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			t.Error(stream, err)
		}
	}
}

// TestServersDictionaries is what dictionaries promise, against three servers.
func TestServersDictionaries(t *testing.T) {
	c := three(t)
	x := connected(t, c.URL(), cluster.Replicas(3))
	serve(t, c.URL(), 4, cluster.Replicas(3), cluster.Only(functionsOf("parfor.dev/parfor/dict/dicttest.")...))
	slotsOf(t, x, 4)
	dicttest.Run(t, func(*testing.T) parfor.Executor { return x })
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, c.URL())
}
