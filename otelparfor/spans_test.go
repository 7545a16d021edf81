package otelparfor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/otelparfor"
)

// surroundings are what a body finds, and what became of the span it started.
type surroundings struct {
	Trace, Parent string
	Remote        bool
	Recorded      bool
	Index, Loop   string
	Tenant        string
}

func lookAround(ctx context.Context, _ int) (s surroundings, err error) {
	outer := trace.SpanContextFromContext(ctx)
	ctx, span := otelparfor.Start(ctx, "body")
	defer otelparfor.End(span, &err)
	s.Trace = span.SpanContext().TraceID().String()
	if r, ok := span.(sdktrace.ReadOnlySpan); ok {
		s.Recorded, s.Parent, s.Remote = true, r.Parent().SpanID().String(), outer.IsRemote()
		s.Index, s.Loop = attr(r, "parfor.task.index"), attr(r, "parfor.loop.name")
	}
	s.Tenant = baggage.FromContext(ctx).Member("tenant").Value()
	return s, nil
}

var _ = parfor.Register(lookAround)

// On every executor the spans of bodies are children of the loop's, which is
// the child of the caller's.
func TestSpansHaveParents(t *testing.T) {
	onEach(t, func(t *testing.T, x parfor.Executor) {
		_, remote := x.(interface{ PIDs() []int })
		l := newLab(t)
		member, _ := baggage.NewMemberRaw("tenant", "Ångström & co")
		bag, err := baggage.New(member)
		if err != nil {
			t.Fatal(err)
		}
		ctx, caller := l.tracer.Start(baggage.ContextWithBaggage(t.Context(), bag), "caller")
		found, err := parfor.Map(ctx, parfor.Range(20), lookAround, parfor.On(x), parfor.Name("look"), parfor.Observe(l.watch))
		if err != nil {
			t.Fatal(err)
		}
		caller.End()
		run := l.the("run look")
		if run.Parent().SpanID() != caller.SpanContext().SpanID() || run.SpanContext().TraceID() != caller.SpanContext().TraceID() {
			t.Errorf("the loop's span is a child of %v, want %v", run.Parent(), caller.SpanContext())
		}
		for i, s := range found {
			if !s.Recorded || s.Trace != run.SpanContext().TraceID().String() || s.Parent != run.SpanContext().SpanID().String() ||
				s.Remote != remote || s.Tenant != "Ångström & co" || s.Index != fmt.Sprint(i) || s.Loop != "look" {
				t.Errorf("item %d found %+v", i, s)
			}
		}
		if !remote && len(l.named("body")) != 20 {
			t.Errorf("%d spans of bodies, want 20", len(l.named("body")))
		}
		if run.Status().Code != codes.Unset || attr(run, "parfor.loop.ok") != "20" || attr(run, "parfor.loop.state") != "done" {
			t.Errorf("%v, %v", run.Status(), run.Attributes())
		}
		for _, s := range l.spans.Ended() {
			if s.StartTime().After(s.EndTime()) {
				t.Errorf("%s ends before it starts", s.Name())
			}
		}
	})
}

// Without an observer bodies are children of the caller.
func TestPropagatesWithoutObserver(t *testing.T) {
	onEach(t, func(t *testing.T, x parfor.Executor) {
		l := newLab(t)
		ctx, caller := l.tracer.Start(t.Context(), "caller")
		defer caller.End()
		found, err := parfor.Map(ctx, parfor.Range(3), lookAround, parfor.On(x))
		if err != nil || found[2].Parent != caller.SpanContext().SpanID().String() {
			t.Errorf("%+v, %v", found, err)
		}
		one, err := parfor.Submit(ctx, x, lookAround, 1, parfor.Name("one"), parfor.Observe(l.watch)).Result(ctx)
		if err != nil || one.Trace != caller.SpanContext().TraceID().String() || one.Parent == caller.SpanContext().SpanID().String() {
			t.Errorf("a submission found %+v, %v", one, err)
		}
	})
}

func TestPropagateTooLate(t *testing.T) {
	defer func() {
		if v := fmt.Sprint(recover()); !strings.Contains(v, "after process.Main") {
			t.Errorf("got %v", v)
		}
	}()
	otelparfor.Propagate()
}

// How loops end, and what their spans say.
func TestEnds(t *testing.T) {
	refuse := func(_ context.Context, n int) error {
		if n%2 == 1 {
			return fmt.Errorf("connection %d refused for %q", n, "secret")
		}
		return nil
	}
	for name, run := range map[string]func(ctx context.Context, opts ...parfor.Option){
		"done/Unset//": func(ctx context.Context, opts ...parfor.Option) {
			parfor.Each(ctx, parfor.Range(4), func(context.Context, int) error { return nil }, opts...)
		},
		`failed/Error/5 failed: connection # refused for "…" ×5/task_failed`: func(ctx context.Context, opts ...parfor.Option) {
			parfor.Each(ctx, parfor.Range(10), refuse, append(opts, parfor.KeepGoing())...)
		},
		"cancelled/Error/parfor: loop ended early: context canceled/cancelled": func(ctx context.Context, opts ...parfor.Option) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			parfor.Each(ctx, parfor.Range(4), func(ctx context.Context, _ int) error {
				cancel()
				return ctx.Err()
			}, opts...)
		},
		"cancelled/Unset//": func(ctx context.Context, opts ...parfor.Option) {
			body := func(_ context.Context, n int) (int, error) { return n, nil }
			for range parfor.Stream(ctx, func(yield func(int) bool) {
				for yield(1) {
				}
			}, body, opts...) {
				break
			}
		},
		"failed/Error/parfor: loop ended early: the loop's deadline passed/timeout": func(ctx context.Context, opts ...parfor.Option) {
			parfor.Each(ctx, parfor.Range(4), func(ctx context.Context, _ int) error {
				<-ctx.Done()
				return ctx.Err()
			}, append(opts, parfor.LoopTimeout(time.Millisecond))...)
		},
		"failed/Error/parfor: loop ended early: source: disk is gone/_OTHER": func(ctx context.Context, opts ...parfor.Option) {
			body := func(_ context.Context, n int) (int, error) { return n, nil }
			for range parfor.StreamFrom(ctx, func(yield func(int, error) bool) { yield(0, errors.New("disk is gone")) }, body, opts...) {
			}
		},
	} {
		l := newLab(t)
		run(t.Context(), parfor.Name("end"), parfor.Observe(l.watch), parfor.Observe(l.watch))
		s := l.the("run end")
		if got := strings.Join([]string{attr(s, "parfor.loop.state"), s.Status().Code.String(), s.Status().Description, attr(s, "error.type")}, "/"); got != name {
			t.Errorf("got  %s\nwant %s", got, name)
		}
	}
}

func TestErrorGroupsAndStallsAreEvents(t *testing.T) {
	l := newLab(t)
	l.watch.Start(observe.Start{Loop: 1, Name: "events", At: time.Now()})
	for _, e := range []observe.Event{
		{Loop: 1, Kind: observe.WorkerUp, PID: 7, Index: -1},
		{Loop: 1, Kind: observe.ErrorGroup, Index: 3, Text: "connection refused"},
		{Loop: 1, Kind: observe.Stalled, Index: 4, Worker: 2, Text: "still runs", Stack: []byte("goroutine 1")},
		{Loop: 1, Kind: observe.WorkerDown, PID: 7, Index: -1, Text: observe.DownIdle},
		{Loop: 1, Kind: observe.Warning, Index: -1, Text: "beware"},
	} {
		l.watch.Event(e)
	}
	l.watch.End(observe.End{Loop: 1})
	var got []string
	for _, e := range l.the("run events").Events() {
		text := e.Name
		for _, kv := range e.Attributes {
			text += fmt.Sprintf(" %s=%s", kv.Key, kv.Value.String())
		}
		got = append(got, text)
	}
	want := []string{
		"parfor.err.group parfor.event.text=connection refused parfor.task.index=3",
		"parfor.stalled parfor.event.text=still runs parfor.task.index=4 parfor.worker.id=2 parfor.event.stack=goroutine 1",
		"parfor.warn parfor.event.text=beware",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s", strings.Join(got, "\n"))
	}
}

// There are few spans of many tasks, and with 0 there are none.
func TestTaskSpansAreFew(t *testing.T) {
	for n, most := range map[int]int{0: 0, 8: 2 * (8 + 4*17), 1_000_000: 200_000} {
		l := newLab(t, otelparfor.WithTaskSpans(n))
		parfor.Each(t.Context(), parfor.Range(100_000), func(_ context.Context, n int) error {
			if n%1000 == 999 {
				return errors.New("no")
			}
			return nil
		}, parfor.KeepGoing(), parfor.Workers(2), parfor.Name("few"), parfor.Observe(l.watch))
		tasks, chunks := len(l.named("task few")), len(l.named("chunk few"))
		if got := tasks + chunks; got > most || (n > 0) != (got > 0) {
			t.Errorf("%d spans of tasks with %d, want at most %d", got, n, most)
		}
		failed := 0
		for _, s := range append(l.named("task few"), l.named("chunk few")...) {
			if s.Status().Code == codes.Error {
				failed++
			}
		}
		if n > 0 && failed < min(n, 10) {
			t.Errorf("%d spans of failures with %d", failed, n)
		}
	}
}

func panicking(ctx context.Context, n int) (out int, err error) {
	_, span := otelparfor.Start(ctx, "panicking")
	defer otelparfor.End(span, &err)
	if n == 0 {
		return 0, errors.New("refused")
	}
	panic("out of cheese")
}

// A panic goes on, with the stack of where it began, and is the span's status.
func TestEnd(t *testing.T) {
	l := newLab(t)
	ctx, caller := l.tracer.Start(t.Context(), "caller")
	defer caller.End()
	_, err := parfor.Map(ctx, parfor.Range(2), panicking, parfor.On(parfor.Sequential()), parfor.KeepGoing())
	var p *parfor.PanicError
	if !errors.As(err, &p) || p.Value != "out of cheese" || !strings.Contains(string(p.Stack), "otelparfor_test.panicking") {
		t.Errorf("got %v\n%s", err, p.Stack)
	}
	spans := l.named("panicking")
	if len(spans) != 2 {
		t.Fatalf("%d spans", len(spans))
	}
	for i, want := range []string{"*errors.errorString refused", "panic out of cheese"} {
		if got := attr(spans[i], "error.type") + " " + spans[i].Status().Description; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	_, span := otelparfor.Start(context.Background(), "outside")
	otelparfor.End(span, nil)
}
