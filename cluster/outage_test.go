package cluster_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
)

// serverProcess runs a server on a folder in a process of its own. Started again, it
// is at the same address.
func serverProcess(t *testing.T, dir string) (server *exec.Cmd, url string) {
	t.Helper()
	server = start(t, serverOf+"="+dir)
	until(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "address.json"))
		return err == nil
	})
	joined, err := embed.Open(within(t), dir)
	if err != nil || joined.Runs() {
		t.Fatal(joined, err)
	}
	return server, joined.URL()
}

// A server that kept everything in memory and is started again has nothing: loops
// say so and wait for nothing, and the next ones run.
func TestMemoryServerKilled(t *testing.T) {
	if !*faults {
		t.Skip("the agent enters a new registry after 5 seconds: run it with -faults")
	}
	dir := t.TempDir()
	server, url := serverProcess(t, dir)
	x := connected(t, url, cluster.InMemory())
	agentProcess(t, url, 2)
	slotsOf(t, x, 2)
	results := 0
	var last error
	for _, err := range parfor.Stream(within(t), each(2000), nap, parfor.On(x)) {
		if err != nil {
			last = err
			break
		}
		if results++; results == 10 {
			kill(t, server)
			server = start(t, serverOf+"="+dir)
		}
	}
	if !errors.Is(last, cluster.ErrLost) {
		t.Errorf("after %d results: %v", results, last)
	}
	if out, err := parfor.Map(within(t), parfor.Range(20), nap, parfor.On(x)); err != nil || out[19] != 19*19 {
		t.Errorf("the next loop: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, url)
}

// A loop that is cancelled while no server is there ends when one is, and leaves
// nothing.
func TestCancelDuringOutage(t *testing.T) {
	if !*faults {
		t.Skip("it takes some seconds until a server is found again: run it with -faults")
	}
	dir := t.TempDir()
	server, url := serverProcess(t, dir)
	x := connected(t, url)
	agentProcess(t, url, 2)
	slotsOf(t, x, 2)
	mind := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(within(t))
	results := 0
	for _, err := range parfor.Stream(ctx, each(1000), nap, parfor.On(x)) {
		if err != nil {
			if !errors.Is(err, mind) {
				t.Error(err)
			}
			continue
		}
		if results++; results == 10 {
			kill(t, server)
			cancel(mind)
			time.AfterFunc(time.Second, func() { start(t, serverOf+"="+dir) })
		}
	}
	cancel(nil)
	if results > 100 {
		t.Errorf("%d results", results)
	}
	if out, err := parfor.Map(within(t), parfor.Range(20), nap, parfor.On(x)); err != nil || out[19] != 19*19 {
		t.Errorf("the next loop: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, url)
}

// An executor can be closed where no server is, in a time that is bounded: what it
// would remove gets its chance.
func TestCloseNowDuringOutage(t *testing.T) {
	if !*faults {
		t.Skip("two requests wait 15 seconds each: run it with -faults")
	}
	server, url := serverProcess(t, t.TempDir())
	x, err := cluster.Connect(context.WithoutCancel(t.Context()), url)
	if err != nil {
		t.Fatal(err)
	}
	agentProcess(t, url, 2)
	slotsOf(t, x, 2)
	results := 0
	began := time.Now()
	for _, err := range parfor.Stream(long(t), each(1000), nap, parfor.On(x)) {
		if err != nil {
			if !errors.Is(err, parfor.ErrClosed) {
				t.Error(err)
			}
			continue
		}
		if results++; results == 10 {
			kill(t, server)
			began = time.Now()
			go x.CloseNow()
		}
	}
	t.Logf("Close: %v", x.Close())
	took := time.Since(began)
	if t.Logf("it took %v", took.Round(time.Second)); took > 45*time.Second {
		t.Error("that is too long")
	}
}

// Two programs begin to run a server on one folder at once: one does, the other
// joins it. When the first is killed the next to come takes its place, at the same
// address and with what was kept.
func TestTwoServersOnAFolder(t *testing.T) {
	dir := t.TempDir()
	var servers []*exec.Cmd
	var runs []bool
	var outs []*bufio.Scanner
	for range 2 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		servers = append(servers, startTo(t, w, serverOf+"="+dir))
		w.Close()
		outs = append(outs, bufio.NewScanner(r))
	}
	for _, out := range outs {
		if !out.Scan() {
			t.Fatal("a program ended")
		}
		runs = append(runs, out.Text() == "true")
	}
	if runs[0] == runs[1] {
		t.Fatalf("they run a server: %v", runs)
	}
	url, err := cluster.LocalURL(dir)
	if err != nil {
		t.Fatal(err)
	}
	js := watched(t, url)
	if _, err := js.CreateStream(within(t), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(within(t), "s", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	victim := servers[0]
	if runs[1] {
		victim = servers[1]
	}
	kill(t, victim)
	next, err := embed.Open(within(t), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if !next.Runs() || next.URL() != url {
		t.Errorf("the next one runs a server: %v, at %s, and the first was at %s", next.Runs(), next.URL(), url)
	}
	if n := streamed(t, next.URL(), "S"); n != 1 {
		t.Errorf("%d messages were kept", n)
	}
}
