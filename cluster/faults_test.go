package cluster_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// nap is a body that takes a while, so that there is a middle to fail in.
func nap(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(20 * time.Millisecond):
		return n * n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// murder takes its agent along, if its item is a multiple of 7.
func murder(ctx context.Context, n int) (int, error) {
	if n%7 == 3 {
		syscall.Kill(os.Getppid(), syscall.SIGKILL)
		<-ctx.Done()
	}
	return n * n, nil
}

var (
	_ = parfor.Register(nap)
	_ = parfor.Register(murder)
	_ = parfor.RegisterAs("cluster_test/shared", func(_ context.Context, n int) (int, error) { return n + 1, nil })
)

// whole runs a loop in which something happens at the tenth result, and checks
// that every item has exactly one result, and that nothing stays behind.
func whole(t *testing.T, x *cluster.Executor, url string, n int, happens func()) {
	t.Helper()
	wholeOf(t, x, url, n, happens)
}

// wholeOf is whole at a server that takes options.
func wholeOf(t *testing.T, x *cluster.Executor, url string, n int, happens func(), opts ...nats.Option) {
	t.Helper()
	seen := make([]int, n)
	results := 0
	for r, err := range parfor.Stream(within(t), each(n), nap, parfor.On(x)) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Out != r.In*r.In {
			t.Errorf("item %d: %d", r.In, r.Out)
		}
		seen[r.Index]++
		if results++; results == 10 {
			happens()
		}
	}
	for i, k := range seen {
		if k != 1 {
			t.Errorf("item %d has %d results", i, k)
		}
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, url, opts...)
}

func each(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestAgentKilled(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	victim := agentProcess(t, s.URL(), 2)
	agentProcess(t, s.URL(), 1)
	slotsOf(t, x, 3)
	whole(t, x, s.URL(), 100, func() { kill(t, victim) })
}

// An agent that is stopped for longer than others wait for it, and goes on: its
// results come second.
func TestAgentStopped(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	zombie := agentProcess(t, s.URL(), 2)
	agentProcess(t, s.URL(), 1)
	slotsOf(t, x, 3)
	whole(t, x, s.URL(), 100, func() {
		zombie.Process.Signal(syscall.SIGSTOP)
		time.AfterFunc(3*redeliver, func() { zombie.Process.Signal(syscall.SIGCONT) })
	})
}

// A drained agent loses nothing, and others needn't find out.
func TestAgentDrains(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	leaver := agentProcess(t, s.URL(), 2)
	agentProcess(t, s.URL(), 1)
	slotsOf(t, x, 3)
	whole(t, x, s.URL(), 100, func() {
		leaver.Process.Signal(syscall.SIGTERM)
		if err := leaver.Wait(); err != nil {
			t.Errorf("the agent ended with %v", err)
		}
		slotsOf(t, x, 1)
	})
}

func TestServerKilled(t *testing.T) {
	dir := t.TempDir()
	server, url := serverProcess(t, dir)
	x := connected(t, url)
	agentProcess(t, url, 2)
	slotsOf(t, x, 2)
	whole(t, x, url, 100, func() {
		kill(t, server)
		server = start(t, serverOf+"="+dir)
	})
}

// An item that its agents die of fails as that; the others, of its chunk too,
// have their results.
func TestPoison(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { // what a supervisor does
		defer close(over)
		for ctx.Err() == nil {
			cmd := agentProcess(t, s.URL(), 1)
			done := make(chan struct{})
			go func() { cmd.Wait(); close(done) }()
			select {
			case <-done:
			case <-ctx.Done():
				cmd.Process.Kill()
				<-done
			}
		}
	}()
	out, err := parfor.Map(within(t), parfor.Range(7), murder, parfor.On(x), parfor.KeepGoing(), parfor.Attempts(3), parfor.Chunk(7))
	stop()
	<-over
	failed := parfor.Failed(err)
	var we *parfor.WorkerError
	if len(failed) != 1 || !errors.Is(failed[3], cluster.ErrPoison) || !errors.As(failed[3], &we) || we.Cause != parfor.Killed {
		t.Errorf("failed: %v; %v", failed, err)
	}
	for i, got := range out {
		if i != 3 && got != i*i {
			t.Errorf("item %d: %d", i, got)
		}
	}
	if n := streamed(t, s.URL(), "PF_default_DLQ"); n != 1 {
		t.Errorf("%d dead letters", n)
	}
	x.Close()
	empty(t, s.URL())
}

func streamed(t *testing.T, url, name string) uint64 {
	t.Helper()
	nc, js := beside(t, url)
	defer nc.Close()
	s, err := js.Stream(within(t), name)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

func TestNoWorker(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL(), cluster.WaitForAgents(100*time.Millisecond))
	_, err := parfor.Map(within(t), parfor.Range(5), square, parfor.On(x))
	if !errors.Is(err, cluster.ErrNoWorker) || !strings.Contains(err.Error(), "no agent at all") {
		t.Errorf("got %v", err)
	}
	f := parfor.Submit(within(t), x, square, 5)
	if _, err := f.Result(within(t)); !errors.Is(err, cluster.ErrNoWorker) {
		t.Errorf("got %v", err)
	}
	x.Close()
	empty(t, s.URL())
}

// A late agent is not too late while the loop may wait.
func TestAgentComesLater(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL(), cluster.WaitForAgents(0))
	f := parfor.Submit(within(t), x, square, 5)
	serve(t, s.URL(), 1)
	if got, err := f.Result(within(t)); got != 25 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
}

// Agents of another version, build or program get nothing; those of the same
// version do, whatever their build.
func TestVersions(t *testing.T) {
	s := serverAt(t)
	serve(t, s.URL(), 1, cluster.Version("a"))
	same := connected(t, s.URL(), cluster.Version("a"))
	slotsOf(t, same, 1)
	if out, err := parfor.Map(within(t), parfor.Range(3), square, parfor.On(same)); err != nil || out[2] != 4 {
		t.Errorf("%v, %v", out, err)
	}
	for name, opts := range map[string][]cluster.Option{"version": {cluster.Version("b")}, "build": {}} {
		x := connected(t, s.URL(), append(opts, cluster.WaitForAgents(100*time.Millisecond))...)
		_, err := parfor.Map(within(t), parfor.Range(3), square, parfor.On(x))
		if !errors.Is(err, cluster.ErrNoWorker) || !strings.Contains(err.Error(), "other programs or builds") {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

// A program that writes to a loop's log owns it; the one before reports nothing
// any more.
func TestFence(t *testing.T) {
	x, s := ready(t, 1)
	nc, _ := beside(t, s.URL())
	defer nc.Close()
	results := 0
	var last error
	for _, err := range parfor.Stream(within(t), each(200), nap, parfor.On(x)) {
		if err != nil {
			last = err
			continue
		}
		if results++; results == 5 {
			usurp(t, nc)
		}
	}
	if !errors.Is(last, cluster.ErrOwned) || results > 150 {
		t.Errorf("%d results, then %v", results, last)
	}
}

// usurp writes to the log of the only loop.
func usurp(t *testing.T, nc *nats.Conn) {
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	loops, err := js.Stream(within(t), "PF_default_L")
	if err != nil {
		t.Fatal(err)
	}
	info, err := loops.Info(within(t), jetstream.WithSubjectFilter("pf.default.l.>"))
	if err != nil {
		t.Fatal(err)
	}
	for subject := range info.State.Subjects {
		if strings.HasSuffix(subject, ".log") {
			if _, err := js.Publish(within(t), subject, []byte("mine")); err != nil {
				t.Error(err)
			}
		}
	}
}
