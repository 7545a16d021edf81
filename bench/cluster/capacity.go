package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// The capacity model of docs/operations.md, beside what is measured: one loop of
// bodies that sleep, 1 KiB in and out, on agents of ten slots each.
const (
	agentSlots = 10
	body       = 50 * time.Millisecond
	itemBytes  = 1024
)

func sleep50(_ context.Context, b []byte) ([]byte, error) {
	time.Sleep(body)
	return b, nil
}

var _ = parfor.Register(sleep50)

// agents runs n agents until ctx ends.
func agents(ctx context.Context, at string, n int) error {
	done := make(chan error, n)
	for range n {
		go func() { done <- cluster.Serve(ctx, at, cluster.Goroutines(agentSlots)) }()
	}
	var failed error
	for range n {
		if err := <-done; err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// model is what the page says of a loop on that many slots.
type model struct {
	perChunk, window      int // items, chunks
	tasks, results, loops int // messages in the streams at most
	taskBytes             int
}

func expect(slots int) model {
	seconds := body.Seconds()
	k := max(1, int(0.003/seconds), int(float64(slots)/seconds/2000))
	w := int(float64(slots) * (1 + min(7, 0.020/(seconds*float64(k)))))
	return model{perChunk: k, window: w, tasks: 2 * w, results: 4096 + 4*w, loops: 1026,
		taskBytes: 2 * w * (k*(itemBytes+8) + 180)}
}

// peak is the most that was seen.
type peak struct {
	msgs, bytes map[string]uint64
	consumers   map[string]int
	rss         int
}

func measureCapacity() error {
	fmt.Printf("%6s %6s  %-28s %-28s %-20s %s\n", "slots", "agents", "chunks queued (model)", "results kept (model)", "log (model)", "task bytes (model), consumers T R, server RSS")
	for _, n := range []int{10, 100, 1000} {
		if err := measureAt(n); err != nil {
			return err
		}
	}
	return measureKept()
}

func measureAt(slots int) error {
	s, err := startServer()
	if err != nil {
		return err
	}
	defer s.end()
	n := slots / agentSlots
	if s.agent, err = startRole("agents", s.url, slotsEnv+"="+strconv.Itoa(n)); err != nil {
		return err
	}
	if err := eventually(func() bool { return s.executor.Slots() == slots }); err != nil {
		return err
	}
	p, err := s.peakOf(func() error {
		_, err := parfor.Map(context.Background(), kilobytes(slots*100), sleep50, parfor.On(s.executor))
		return err
	})
	if err != nil {
		return err
	}
	m := expect(slots)
	pair := func(got uint64, want int) string {
		mark := ""
		if got > uint64(want) {
			mark = " !"
		}
		return fmt.Sprintf("%d (%d)%s", got, want, mark)
	}
	fmt.Printf("%6d %6d  %-28s %-28s %-20s %s, %d %d, %d MB\n", slots, n, pair(p.msgs["T"], m.tasks), pair(p.msgs["R"], m.results),
		pair(p.msgs["L"], m.loops), pair(p.bytes["T"], m.taskBytes), p.consumers["T"], p.consumers["R"], p.rss>>20)
	return nil
}

// peakOf is what was in the streams at most while f ran.
func (s *parforSide) peakOf(f func() error) (p peak, err error) {
	nc, err := nats.Connect(s.url)
	if err != nil {
		return p, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return p, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	seen := make(chan peak)
	go func() { seen <- watch(ctx, js, s.children[0].cmd.Process.Pid) }()
	err = f()
	cancel()
	return <-seen, err
}

// watch looks at the streams until ctx ends.
func watch(ctx context.Context, js jetstream.JetStream, server int) peak {
	p := peak{map[string]uint64{}, map[string]uint64{}, map[string]int{}, 0}
	for ctx.Err() == nil {
		for _, kind := range []string{"T", "R", "L"} {
			s, err := js.Stream(ctx, "PF_default_"+kind)
			if err != nil {
				continue
			}
			state := s.CachedInfo().State
			p.msgs[kind] = max(p.msgs[kind], state.Msgs)
			p.bytes[kind] = max(p.bytes[kind], state.Bytes)
			p.consumers[kind] = max(p.consumers[kind], state.Consumers)
		}
		p.rss = max(p.rss, resident(server))
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	return p
}

// resident is the memory of a process, where the system says.
func resident(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.Atoi(kb)
	return n << 10
}
