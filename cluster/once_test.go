package cluster_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/internal/wire"
)

// noted is an item whose runs are written down, each as a line of a file.
type noted struct {
	File  string
	N     int
	Takes time.Duration
}

// note is a body that writes down that it has begun, and takes its time.
func note(ctx context.Context, it noted) (int, error) {
	f, err := os.OpenFile(it.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, it.N); err != nil {
		return 0, err
	}
	select {
	case <-time.After(it.Takes):
		return it.N, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

var _ = parfor.Register(note)

const noteBody = "parfor.dev/parfor/cluster_test.note"

// runs are how often each item was begun.
func runs(t *testing.T, file string) map[string]int {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, line := range strings.Fields(string(b)) {
		n[line]++
	}
	return n
}

// ranOnce checks that each of n items was begun once.
func ranOnce(t *testing.T, file string, n int) {
	t.Helper()
	all := runs(t, file)
	if len(all) != n {
		t.Errorf("%d of %d items were begun", len(all), n)
	}
	for item, k := range all {
		if k != 1 {
			t.Errorf("item %s was begun %d times", item, k)
		}
	}
}

// notes are n items of one file.
func notes(file string, n int, takes func(i int) time.Duration) []noted {
	all := make([]noted, n)
	for i := range all {
		all[i] = noted{file, i, takes(i)}
	}
	return all
}

// A task that takes longer than others wait for a silent agent runs once.
func TestLongerThanRedeliver(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	serve(t, s.URL(), 1, cluster.Redeliver(300*time.Millisecond))
	serve(t, s.URL(), 1, cluster.Redeliver(300*time.Millisecond))
	slotsOf(t, x, 2)
	file := filepath.Join(t.TempDir(), "runs")
	items := notes(file, 2, func(int) time.Duration { return 900 * time.Millisecond })
	if _, err := parfor.Map(within(t), items, note, parfor.On(x), parfor.Chunk(1)); err != nil {
		t.Fatal(err)
	}
	ranOnce(t, file, len(items))
}

// An agent that has more in its hands than it can begin in that time says of all that
// it has it: nothing runs twice.
func TestMoreThanRedeliverInHand(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL(), cluster.Version("hand"))
	serve(t, s.URL(), 1, cluster.Redeliver(300*time.Millisecond), cluster.Version("hand"))
	slotsOf(t, x, 1)
	stream, lane, err := cluster.Queue("default", "hand", noteBody)
	if err != nil {
		t.Fatal(err)
	}
	js := watched(t, s.URL())
	file := filepath.Join(t.TempDir(), "runs")
	const quick = 150
	items := notes(file, quick+8, func(i int) time.Duration { // the agent sees quick ones, and takes many
		if i < quick {
			return 0
		}
		return 200 * time.Millisecond
	})
	most := 0
	ctx, cancel := context.WithCancel(within(t))
	var watching sync.WaitGroup
	watching.Go(func() {
		for ctx.Err() == nil {
			if c, err := js.Consumer(ctx, stream, lane); err == nil {
				most = max(most, c.CachedInfo().NumAckPending)
			}
		}
	})
	_, err = parfor.Map(within(t), items, note, parfor.On(x), parfor.Chunk(1))
	cancel()
	if watching.Wait(); err != nil {
		t.Fatal(err)
	}
	if most*200 < 2*300 {
		t.Errorf("the agent never had more than %d", most)
	}
	ranOnce(t, file, len(items))
}

// An agent that drains ends what it runs, and what it had not begun runs elsewhere:
// nothing runs twice.
func TestDrainRunsNothingTwice(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	leaver := agentProcess(t, s.URL(), 2)
	agentProcess(t, s.URL(), 1)
	slotsOf(t, x, 3)
	file := filepath.Join(t.TempDir(), "runs")
	items := notes(file, 40, func(int) time.Duration { return 50 * time.Millisecond })
	results := 0
	for _, err := range parfor.Stream(within(t), func(yield func(noted) bool) {
		for _, it := range items {
			if !yield(it) {
				return
			}
		}
	}, note, parfor.On(x), parfor.Chunk(1)) {
		if err != nil {
			t.Fatal(err)
		}
		if results++; results == 10 {
			leaver.Process.Signal(syscall.SIGTERM)
		}
	}
	if err := leaver.Wait(); err != nil {
		t.Errorf("the agent ended with %v", err)
	}
	ranOnce(t, file, len(items))
}

// heard has what the program logs meanwhile.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(b)
}

func (h *heard) count(words string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(h.b.String(), words)
}

func listen(t *testing.T) *heard {
	h, before := &heard{}, slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(h, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return h
}

// A chunk of a later release's format is left to others by an agent that can't read
// it, which says so once, and runs what it can read.
func TestLaterFormat(t *testing.T) {
	log := listen(t)
	s := serverAt(t)
	x := connected(t, s.URL(), cluster.Version("later"))
	serve(t, s.URL(), 1, cluster.Version("later"))
	slotsOf(t, x, 1)
	stream, lane, err := cluster.Queue("default", "later", noteBody)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	later := []byte{wire.Version + 1, 1, 2, 3}
	if _, err := js.Publish(within(t), "pf.default.t."+lane+".another.1.1", later); err != nil {
		t.Fatal(err)
	}
	const words = "leaves a loop to others"
	until(t, func() bool { return log.count(words) == 1 })
	file := filepath.Join(t.TempDir(), "runs")
	if out, err := parfor.Map(within(t), notes(file, 5, func(int) time.Duration { return 0 }), note, parfor.On(x)); err != nil || out[4] != 4 {
		t.Errorf("what it can read: %v, %v", out, err)
	}
	until(t, func() bool { // it has come again
		c, err := js.Consumer(within(t), stream, lane)
		return err == nil && c.CachedInfo().NumRedelivered > 0
	})
	if n := streamed(t, s.URL(), stream); n != 1 {
		t.Errorf("%d messages are there for others", n)
	}
	if n := log.count(words); n != 1 {
		t.Errorf("it said so %d times", n)
	}
}
