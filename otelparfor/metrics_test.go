package otelparfor_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/otelparfor"
)

// flaky fails for good for one item in ten, and once for another.
func flaky(ctx context.Context, n int) (int, error) {
	if n%10 == 0 || n%10 == 1 && task.From(ctx).Number == 1 {
		return 0, fmt.Errorf("item %d is refused", n)
	}
	return n, nil
}

var _ = parfor.Register(flaky)

func TestMetricsAreTheTruth(t *testing.T) {
	onEach(t, func(t *testing.T, x parfor.Executor) {
		l := newLab(t)
		const loops = 3
		for range loops {
			_, err := parfor.Map(t.Context(), parfor.Range(100), flaky, parfor.On(x), parfor.Name("flaky"),
				parfor.KeepGoing(), parfor.Attempts(2), parfor.Observe(l.watch))
			if len(parfor.Failed(err)) != 10 {
				t.Fatal(err)
			}
		}
		ms := l.metrics()
		name := attribute.String("parfor.loop.name", "flaky")
		for outcome, want := range map[string]int64{"ok": 90, "failed": 10, "retried": 20} {
			if got := sum(ms["parfor.task.attempts"], name, attribute.String("parfor.task.outcome", outcome)); got != loops*want {
				t.Errorf("%d attempts are %s, want %d", got, outcome, loops*want)
			}
		}
		for _, m := range []string{"parfor.task.count", "parfor.loop.active", "parfor.worker.count", "parfor.worker.limit"} {
			if _, has := ms[m]; !has || sum(ms[m]) != 0 {
				t.Errorf("%s is %d after the loops, want 0", m, sum(ms[m]))
			}
		}
		took := ms["parfor.loop.duration"].Data.(metricdata.Histogram[float64]).DataPoints
		if len(took) != 1 || took[0].Count != loops || !has(took[0].Attributes, []attribute.KeyValue{attribute.String("parfor.loop.state", "failed")}) {
			t.Errorf("durations of loops: %+v", took)
		}
		durations := ms["parfor.task.duration"].Data.(metricdata.Histogram[float64]).DataPoints
		if len(durations) != 1 || durations[0].Count != loops*120 || !has(durations[0].Attributes, []attribute.KeyValue{name}) {
			t.Errorf("durations of tasks: %+v", durations)
		}
		busy := ms["parfor.worker.busy.time"].Data.(metricdata.Sum[float64]).DataPoints
		if len(busy) != 1 || busy[0].Value <= 0 {
			t.Errorf("busy: %+v", busy)
		}
		at := ms["parfor.loop.last_progress.timestamp"].Data.(metricdata.Gauge[float64]).DataPoints
		if ago := float64(time.Now().Unix()) - at[0].Value; ago < -5 || ago > 300 {
			t.Errorf("the last progress was %v s ago", ago)
		}
	})
}

// A worker's end is told by each loop on its pool, and counted once.
func TestAWorkerDiesOnce(t *testing.T) {
	l := newLab(t)
	down := observe.Event{Kind: observe.WorkerDown, PID: 77, Worker: 1, Index: -1, Text: "parfor: worker 77 died: out of memory (exit code 2)"}
	up := observe.Event{Kind: observe.WorkerUp, PID: 77, Worker: 1, Index: -1}
	for loop := range uint64(2) {
		l.watch.Start(observe.Start{Loop: loop, Name: "two", Total: -1, At: time.Now()})
	}
	tell := func(e observe.Event) {
		for loop := range uint64(2) {
			e.Loop = loop
			l.watch.Event(e)
		}
	}
	tell(down)
	tell(up) // its number comes again
	tell(down)
	tell(observe.Event{Kind: observe.WorkerDown, PID: 78, Text: observe.DownRecycled})
	tell(observe.Event{Kind: observe.WorkerDown, PID: 79, Text: observe.DownClosed})
	tell(observe.Event{Kind: observe.WorkerDown, PID: 80, Text: "who knows"})
	for loop := range uint64(2) {
		l.watch.End(observe.End{Loop: loop})
		l.watch.End(observe.End{Loop: loop}) // of a loop that it doesn't know
	}
	l.watch.Frame(observe.Frame{Loop: 9})
	l.watch.Event(observe.Event{Loop: 9})
	m := l.metrics()["parfor.worker.restarts"]
	for reason, want := range map[string]int64{"out of memory": 2, "recycled": 1, "other": 1, "closed": 0} {
		if n := sum(m, attribute.String("parfor.worker.restart.reason", reason)); n != want {
			t.Errorf("%d restarts: %s, want %d", n, reason, want)
		}
	}
}

// While a loop runs its tasks are counted as running and queued.
func TestStanding(t *testing.T) {
	l := newLab(t)
	began, release := make(chan bool), make(chan bool)
	var loop sync.WaitGroup
	loop.Go(func() {
		parfor.Each(t.Context(), parfor.Range(10), func(context.Context, int) error {
			began <- true
			<-release
			return nil
		}, parfor.Workers(2), parfor.Name("standing"), parfor.Observe(l.watch))
	})
	<-began
	<-began
	deadline := time.Now().Add(20 * time.Second)
	for {
		ms := l.metrics()
		running := sum(ms["parfor.task.count"], attribute.String("parfor.task.state", "running"))
		queued := sum(ms["parfor.task.count"], attribute.String("parfor.task.state", "queued"))
		if running == 2 && queued == 8 && sum(ms["parfor.worker.limit"]) == 2 && sum(ms["parfor.loop.active"]) == 1 &&
			sum(ms["parfor.worker.count"], attribute.String("parfor.worker.state", "busy")) == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("%d run, %d are queued: %+v", running, queued, ms["parfor.task.count"])
			break
		}
		time.Sleep(time.Millisecond)
	}
	go func() {
		for range 8 {
			<-began
		}
	}()
	close(release)
	loop.Wait()
}

func TestDurationsAreExact(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var d otelparfor.Durations
	if sm, err := d.Produce(t.Context()); len(sm) != 0 || err != nil {
		t.Errorf("before anything was timed: %v, %v", sm, err)
	}
	watch := otelparfor.New(otelparfor.WithDurations(&d))
	var all []time.Duration
	for loop := range uint64(2) {
		var h observe.Hist
		watch.Start(observe.Start{Loop: loop, Name: "exact", Executor: "goroutines", At: time.Now()})
		for range 5 {
			for range 1000 {
				took := time.Duration(rnd.ExpFloat64() * float64(time.Second) / float64(1+rnd.IntN(1000_000)))
				h.Add(took, 1)
				all = append(all, took)
			}
			watch.Frame(observe.Frame{Loop: loop, Hist: h.Clone()})
		}
		all = append(all, 3*time.Minute) // above all bounds
		h.Add(3*time.Minute, 1)
		watch.End(observe.End{Loop: loop, Frame: observe.Frame{Loop: loop, Hist: h}})
	}
	sm, err := d.Produce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	points := sm[0].Metrics[0].Data.(metricdata.Histogram[float64]).DataPoints
	if len(points) != 1 {
		t.Fatalf("%d series, want 1", len(points))
	}
	p := points[0]
	want := make([]uint64, len(p.Bounds)+1)
	total := 0.0
	for _, took := range all {
		i := 0
		for i < len(p.Bounds) && took.Seconds() > p.Bounds[i] {
			i++
		}
		want[i]++
		total += took.Seconds()
	}
	if fmt.Sprint(p.BucketCounts) != fmt.Sprint(want) || p.Count != uint64(len(all)) {
		t.Errorf("%d: %v\nwant %d: %v", p.Count, p.BucketCounts, len(all), want)
	}
	if p.Sum < total*31/32 || p.Sum > total*33/32 {
		t.Errorf("sum %v, want %v within 1/32", p.Sum, total)
	}
}

var (
	hits  = dict.New[int, int]("hits")
	names = dict.New[string, string]("names")
)

func note(ctx context.Context, n int) error {
	hits.Add(ctx, n%3, 1)
	names.Set(ctx, fmt.Sprint(n), "seen")
	if n%10 == 0 {
		return errors.New("this one leaves nothing")
	}
	return nil
}

var _ = parfor.RegisterEach(note)

// Two loops at once use the dictionaries, and nothing is counted twice.
func TestDictionaries(t *testing.T) {
	onEach(t, func(t *testing.T, x parfor.Executor) {
		l := newLab(t)
		before := l.metrics()
		var loops sync.WaitGroup
		for range 2 {
			loops.Go(func() {
				parfor.Each(t.Context(), parfor.Range(100), note, parfor.On(x), parfor.KeepGoing(), parfor.Observe(l.watch))
			})
		}
		loops.Wait()
		after := l.metrics()
		more := func(name string, with ...attribute.KeyValue) int64 {
			return sum(after[name], with...) - sum(before[name], with...)
		}
		inHits := attribute.String("parfor.dict.name", "parfor.dev/parfor/otelparfor_test.hits")
		inNames := attribute.String("parfor.dict.name", "parfor.dev/parfor/otelparfor_test.names")
		if n := more("parfor.dict.operations", inHits, attribute.String("parfor.dict.operation", "add")); n != 180 {
			t.Errorf("%d additions, want 180", n)
		}
		if n := more("parfor.dict.operations", inNames, attribute.String("parfor.dict.operation", "set")); n != 180 {
			t.Errorf("%d assignments, want 180", n)
		}
		if n := more("parfor.dict.commits", inNames); n != 180 {
			t.Errorf("%d commits, want 180", n)
		}
		if n := sum(after["parfor.dict.entries"], inNames); n != 90 {
			t.Errorf("%d entries, want 90", n)
		}
		if n := sum(after["parfor.dict.size"], inHits); n <= 0 {
			t.Errorf("the dictionary takes %d bytes", n)
		}
	})
}

func fill(ctx context.Context, n int) error {
	parfor.Arg[*dict.Dict[int, int]](ctx).Set(ctx, n, n)
	return nil
}

var _ = parfor.RegisterEach(fill)

// Dictionaries without a name are as many as a program makes: they share one.
func TestAnonymousDictionaries(t *testing.T) {
	l := newLab(t)
	p := pool(t)
	defer p.Close()
	for range 5 {
		d, err := dict.Make[int, int](t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := parfor.Each(t.Context(), parfor.Range(10), fill, parfor.On(p), parfor.With(d), parfor.Observe(l.watch)); err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
	anonymous := attribute.String("parfor.dict.name", "anonymous dictionary")
	if n := sum(l.metrics()["parfor.dict.operations"], anonymous, attribute.String("parfor.dict.operation", "set")); n != 50 {
		t.Errorf("%d assignments, want 50", n)
	}
}
