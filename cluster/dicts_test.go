package cluster_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/dict/dicttest"
)

func TestDictionaries(t *testing.T) {
	x, s := ready(t, 4)
	dicttest.Run(t, func(*testing.T) parfor.Executor { return x })
	x.Close()
	empty(t, s.URL())
}

var (
	tally  = dict.New[string, int]("tally")
	taken  = dict.New[int, bool]("taken")
	visits = dict.NewLive[string, int]("visits")
	texts  = dict.New[int, []byte]("texts")
)

// enter counts an item, without looking.
func enter(ctx context.Context, n int) (int, error) {
	return n, errors.Join(tally.Add(ctx, "items", 1), tally.Add(ctx, "sum", n))
}

// enterSlowly is enter with a little work.
func enterSlowly(ctx context.Context, n int) (int, error) {
	select {
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	return enter(ctx, n)
}

// bump counts an item by what it has read.
func bump(ctx context.Context, _ int) (int, error) {
	n, _, err := tally.Get(ctx, "bumps")
	return n, errors.Join(err, tally.Set(ctx, "bumps", n+1))
}

func setLatest(ctx context.Context, n int) (int, error) { return n, tally.Set(ctx, "latest", n) }

func latest(ctx context.Context, _ int) (int, error) {
	n, _, err := tally.Get(ctx, "latest")
	return n, err
}

// take claims its key, and is in no hurry with it.
func take(ctx context.Context, n int) (bool, error) {
	mine, err := taken.Claim(ctx, n)
	time.Sleep(2 * time.Millisecond)
	return mine, err
}

// takeSlowly claims its key, does something else, and looks again.
func takeSlowly(ctx context.Context, n int) (bool, error) {
	mine, err := taken.Claim(ctx, n)
	time.Sleep(200 * time.Millisecond)
	_, _, again := tally.Get(ctx, "sum")
	return mine, errors.Join(err, again, tally.Add(ctx, "items", 1))
}

func writeText(ctx context.Context, n int) (int, error) {
	return n, texts.Set(ctx, n, make([]byte, n))
}

func readText(ctx context.Context, n int) (int, error) {
	v, _, err := texts.Get(ctx, n)
	return len(v), err
}

func visit(ctx context.Context, _ int) (int, error) { return visits.Add(ctx, "all", 1) }

var (
	_ = parfor.Register(enter)
	_ = parfor.Register(enterSlowly)
	_ = parfor.Register(bump)
	_ = parfor.Register(setLatest)
	_ = parfor.Register(latest)
	_ = parfor.Register(take)
	_ = parfor.Register(visit)
	_ = parfor.Register(takeSlowly)
	_ = parfor.Register(writeText)
	_ = parfor.Register(readText)
)

func told(t *testing.T, key string) int {
	t.Helper()
	n, _, err := tally.Get(within(t), key)
	if err != nil {
		t.Error(err)
	}
	return n
}

// Every item counts once, though one of three agents is killed with items in its
// hands, which others run again.
func TestCounterIsExact(t *testing.T) {
	dicttest.Fresh(t)
	s := serverAt(t)
	x := connected(t, s.URL())
	victim := agentProcess(t, s.URL(), 2)
	agentProcess(t, s.URL(), 1)
	agentProcess(t, s.URL(), 1)
	slotsOf(t, x, 4)
	const n = 10_000
	results := 0
	for r, err := range parfor.Stream(within(t), each(n), enter, parfor.On(x)) {
		if err != nil {
			t.Fatal(r.Index, err)
		}
		if results++; results == n/10 {
			kill(t, victim)
		}
	}
	if items, sum := told(t, "items"), told(t, "sum"); results != n || items != n || sum != n*(n-1)/2 {
		t.Errorf("%d results, %d items, their sum is %d", results, items, sum)
	}
	x.Close()
	empty(t, s.URL())
}

// Tasks of several agents that change what others have read run again, and no
// update is lost.
func TestConflictsRunAgain(t *testing.T) {
	dicttest.Fresh(t)
	x, s := ready(t, 2)
	serve(t, s.URL(), 2)
	slotsOf(t, x, 4)
	const n = 200
	seen, err := parfor.Map(within(t), parfor.Range(n), bump, parfor.On(x), parfor.OnConflict(parfor.Rerun))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(seen)
	for i, v := range seen {
		if v != i {
			t.Fatalf("the result of rank %d is %d", i, v)
		}
	}
	if got := told(t, "bumps"); got != n {
		t.Errorf("%d bumps", got)
	}
}

// What was reported before a task was sent, it reads, at whichever agent.
func TestFloor(t *testing.T) {
	dicttest.Fresh(t)
	x, s := ready(t, 2)
	serve(t, s.URL(), 2)
	slotsOf(t, x, 4)
	for i := range 30 {
		if _, err := parfor.Map(within(t), []int{i}, setLatest, parfor.On(x)); err != nil {
			t.Fatal(err)
		}
		got, err := parfor.Map(within(t), parfor.Range(8), latest, parfor.On(x), parfor.Chunk(1))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range got {
			if v != i {
				t.Fatalf("after %d a task reads %d", i, v)
			}
		}
	}
}

// Of a cancelled loop count the items that are reported done, and no others.
func TestCancelledWritesDontCount(t *testing.T) {
	x, _ := ready(t, 3)
	for range 5 {
		t.Run("", func(t *testing.T) {
			dicttest.Fresh(t)
			ctx, cancel := context.WithCancel(within(t))
			const n = 2000
			var watch sync.WaitGroup
			watch.Go(func() { // in the middle of it
				for told(t, "items") < 50 && ctx.Err() == nil {
					time.Sleep(time.Millisecond)
				}
				cancel()
			})
			defer watch.Wait()
			_, err := parfor.Map(ctx, parfor.Range(n), enterSlowly, parfor.On(x))
			var le *parfor.LoopError
			if !errors.As(err, &le) {
				t.Fatalf("got %v", err)
			}
			items, sum := 0, 0
			for i := range n {
				if le.Done(i) {
					items, sum = items+1, sum+i
				}
			}
			if items == n || items != told(t, "items") || sum != told(t, "sum") {
				t.Errorf("%d items are done, %d counted; their sums are %d and %d", items, told(t, "items"), sum, told(t, "sum"))
			}
		})
	}
}

// What an agent had claimed when it died is free for who runs the item again.
func TestClaimsOfTheDeadAreFree(t *testing.T) {
	dicttest.Fresh(t)
	s := serverAt(t)
	x := connected(t, s.URL())
	victim := agentProcess(t, s.URL(), 2)
	agentProcess(t, s.URL(), 1)
	slotsOf(t, x, 3)
	results := 0
	for r, err := range parfor.Stream(within(t), each(200), take, parfor.On(x)) {
		if err != nil || !r.Out {
			t.Errorf("item %d: %v, %v", r.Index, r.Out, err)
		}
		if results++; results == 20 {
			kill(t, victim)
		}
	}
	if n, err := taken.Len(within(t)); n != 200 || err != nil {
		t.Errorf("%d keys, %v", n, err)
	}
}

// An agent that was stopped for longer than others wait finds that its tasks are
// theirs. What they then fail with is not the items' fault.
func TestClaimsOfTheStopped(t *testing.T) {
	dicttest.Fresh(t)
	s := serverAt(t)
	x := connected(t, s.URL())
	zombie := agentProcess(t, s.URL(), 2)
	agentProcess(t, s.URL(), 2)
	slotsOf(t, x, 4)
	results := 0
	const n = 16
	for r, err := range parfor.Stream(within(t), each(n), takeSlowly, parfor.On(x)) {
		if err != nil || !r.Out {
			t.Errorf("item %d: %v, %v", r.Index, r.Out, err)
		}
		if results++; results == 4 {
			zombie.Process.Signal(syscall.SIGSTOP)
			time.AfterFunc(redeliver*5/4, func() { zombie.Process.Signal(syscall.SIGCONT) })
		}
	}
	if k, err := taken.Len(within(t)); k != n || told(t, "items") != n || err != nil {
		t.Errorf("%d keys, %d items, %v", k, told(t, "items"), err)
	}
}

// What a task writes may be larger than a message; what it is answered may not,
// and that says so.
func TestLargeWrites(t *testing.T) {
	dicttest.Fresh(t)
	s := serverAt(t, embed.MaxPayload(1<<20))
	x := connected(t, s.URL())
	serve(t, s.URL(), 1)
	slotsOf(t, x, 1)
	const n = 3 << 20
	if _, err := parfor.Map(within(t), []int{n, 10}, writeText, parfor.On(x)); err != nil {
		t.Fatal(err)
	}
	if v, _, err := texts.Get(within(t), n); len(v) != n || err != nil {
		t.Errorf("%d bytes, %v", len(v), err)
	}
	got, err := parfor.Map(within(t), []int{10, n}, readText, parfor.On(x), parfor.KeepGoing())
	if failed := parfor.Failed(err); got[0] != 10 || len(failed) != 1 || !strings.Contains(failed[1].Error(), "max_payload") {
		t.Errorf("%v, %v", got, err)
	}
	x.Close()
	empty(t, s.URL())
}

// A question that comes twice, for its answer was lost or late, is done once.
func TestQuestionsAreDoneOnce(t *testing.T) {
	dicttest.Fresh(t)
	x, s := ready(t, 2)
	nc, _ := beside(t, s.URL())
	defer nc.Close()
	var again atomic.Int64
	seen := map[string]bool{}
	if _, err := nc.Subscribe("pf.default.ask.>", func(m *nats.Msg) {
		if key := m.Reply + string(m.Data); !seen[key] {
			seen[key] = true
			again.Add(1)
			nc.PublishRequest(m.Subject, m.Reply, m.Data)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	const n = 300
	got, err := parfor.Map(within(t), parfor.Range(n), visit, parfor.On(x))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	for i, v := range got {
		if v != i+1 {
			t.Fatalf("the visit of rank %d is number %d", i+1, v)
		}
	}
	if v, _, err := visits.Get(within(t), "all"); v != n || err != nil || again.Load() < n/2 {
		t.Errorf("%d visits, %v; %d questions came twice", v, err, again.Load())
	}
}
