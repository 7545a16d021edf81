package cluster_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/dict/dicttest"
)

// settled waits until that many results are in their stream, and none to be
// sent.
func settled(t *testing.T, url string, results int) {
	t.Helper()
	nc, js := beside(t, url)
	defer nc.Close()
	ctx := within(t)
	for {
		r, err := js.Stream(ctx, "PF_default_R")
		if err != nil {
			t.Fatal(err)
		}
		q, err := js.Stream(ctx, "PF_default_T")
		if err != nil {
			t.Fatal(err)
		}
		if q.CachedInfo().State.Msgs == 0 && r.CachedInfo().State.Msgs >= uint64(results) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d results, and %d chunks to run", r.CachedInfo().State.Msgs, q.CachedInfo().State.Msgs)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// What came while nobody listened is taken by the next program, and counts. What
// had read something that is gone with its program runs again.
func TestLateWrites(t *testing.T) {
	slow(t)
	for way, of := range map[string]string{"": "items", "read": "bumps"} {
		t.Run(of, func(t *testing.T) {
			dicttest.Fresh(t)
			s := serverAt(t)
			agentProcess(t, s.URL(), 2)
			const n = 400
			c := callerProcess(t, s.URL(), "late", n, callerBody+"="+way)
			c.until(t, 50)
			kill(t, c.cmd)
			c.until(t, n)
			if way == "" { // the others ask who is gone
				settled(t, s.URL(), 1)
			}
			x := connected(t, s.URL(), cluster.Lease(life))
			got, resumed := gather(t, cluster.Attach(within(t), x, "late", ways[way], parfor.OnConflict(parfor.Rerun)))
			same(t, n, got, c.seen)
			if count := told(t, of); count != n {
				t.Errorf("%d were counted, of %d", count, n)
			}
			if resumed < len(c.seen) || way == "" && resumed == len(c.seen) {
				t.Errorf("%d resumed, %d were seen", resumed, len(c.seen))
			}
			x.Close()
			empty(t, s.URL())
		})
	}
}

// What dictionaries held before the loop, and what a task made of them, may be
// larger than a message. What the next program has in them is replaced.
func TestLargeRecords(t *testing.T) {
	slow(t)
	dicttest.Fresh(t)
	s := serverAt(t, embed.MaxPayload(1<<20))
	agentProcess(t, s.URL(), 2)
	const n = 60
	c := callerProcess(t, s.URL(), "large", n, callerBody+"=text")
	c.until(t, 20)
	kill(t, c.cmd)
	c.until(t, n)
	x := connected(t, s.URL(), cluster.Lease(life))
	if err := texts.Set(within(t), 1000, []byte("of before")); err != nil {
		t.Fatal(err)
	}
	got, _ := gather(t, cluster.Attach(within(t), x, "large", onceText))
	same(t, n, got, c.seen)
	now, err := texts.Snapshot(within(t))
	if err != nil || len(now) != n+1 || len(now[-1]) != 3<<20 {
		t.Fatalf("%d keys, %d bytes, %v", len(now), len(now[-1]), err)
	}
	for i := range n {
		if b := now[i]; len(b) != 100_000 || slices.ContainsFunc(b, func(c byte) bool { return c != byte(i) }) {
			t.Errorf("text %d has %d bytes", i, len(b))
		}
	}
	x.Close()
	empty(t, s.URL())
}

var (
	jobs   = dict.NewQueue[int]("jobs", 100)
	hidden = dict.New[string, int]("hidden")
)

func queueUp(ctx context.Context, n int) (int, error) { return n, jobs.Put(ctx, n) }

// enterBadly counts an item, and fails for odd ones as long as it says so.
func enterBadly(ctx context.Context, n int) (int, error) {
	if _, err := enter(ctx, n); err != nil {
		return 0, err
	}
	if parfor.Arg[bool](ctx) && n%2 == 1 {
		return 0, errors.New("odd")
	}
	return n, hidden.Add(ctx, "items", 1)
}

var (
	_ = parfor.Register(queueUp)
	_ = parfor.Register(enterBadly)
)

// What can't be recorded is refused, unless the loop says that it needn't be.
func TestUnrecordable(t *testing.T) {
	dicttest.Fresh(t)
	x, _ := ready(t, 1)
	for name, body := range map[string]func(context.Context, int) (int, error){"visits": visit, "jobs": queueUp} {
		_, err := parfor.Map(within(t), parfor.Range(3), body, parfor.On(x.Loop(name)))
		if err == nil || !strings.Contains(err.Error(), "JournalIgnores") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := parfor.Map(within(t), parfor.Range(3), body, parfor.On(x.Loop(name)), parfor.JournalIgnores(visits, jobs)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, _, err := visits.Get(within(t), "all"); n != 3 || err != nil {
		t.Errorf("%d visits, %v", n, err)
	}
	if n, err := jobs.Len(within(t)); n != 3 || err != nil {
		t.Errorf("%d jobs, %v", n, err)
	}
	_, err := parfor.Map(within(t), parfor.Range(3), visit, parfor.On(x), parfor.JournalIgnores(visits))
	if !errors.Is(err, parfor.ErrOption) {
		t.Errorf("without a name: %v", err)
	}
}

// A loop that failed goes on with what its dictionaries had then, whatever the
// program does to them in between; while it runs, nobody else may.
func TestRecordsAreTheLoops(t *testing.T) {
	dicttest.Fresh(t)
	x, s := ready(t, 2)
	const n = 20
	on := []parfor.Option{parfor.On(x.Loop("mine")), parfor.KeepGoing(), parfor.JournalIgnores(hidden)}
	if err := tally.Set(within(t), "before", 7); err != nil {
		t.Fatal(err)
	}
	_, err := parfor.Map(within(t), parfor.Range(n), enterBadly, append(on, parfor.With(true))...)
	if len(parfor.Failed(err)) != n/2 || told(t, "items") != n/2 {
		t.Fatal(err, told(t, "items"))
	}
	if err := errors.Join(tally.Clear(within(t)), tally.Set(within(t), "items", 1000)); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for r, err := range parfor.Stream(within(t), each(n), enterBadly, append(on, parfor.With(false))...) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Index >= 0 {
			tried++
			if err := tally.Add(within(t), "items", 1); !errors.Is(err, parfor.ErrJournaled) {
				t.Errorf("while it runs: %v", err)
			}
		}
	}
	counted(t, n)
	if err := tally.Add(within(t), "before", 1); err != nil || told(t, "before") != 8 || tried != n {
		t.Errorf("afterwards: %v, %d", err, told(t, "before"))
	}
	if m, _, err := hidden.Get(within(t), "items"); m != n || err != nil {
		t.Errorf("what is ignored: %d, %v", m, err)
	}
	x.Close()
	empty(t, s.URL())
}
