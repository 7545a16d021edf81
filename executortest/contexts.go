package executortest

import (
	"context"
	"errors"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

var contextChecks = []check{
	{"DeadlineTravels", 0, deadlineTravels},
	{"LoopTimeoutIsADeadline", 0, loopTimeoutIsDeadline},
	{"CancelCauseTravels", 0, causeTravels},
	{"Propagate", 0, propagates},
	{"ObserversAddToTheContext", 0, observersAdd},
}

type (
	traceKey struct{}
	spanKey  struct{}
)

var (
	_ = parfor.Propagate[string](traceKey{})
	_ = parfor.PropagateFunc("parfor.dev/parfor/executortest.span", spanOf, withSpan)
)

func spanOf(ctx context.Context) (string, bool) {
	s, has := ctx.Value(spanKey{}).(string)
	return s, has
}

func withSpan(ctx context.Context, s string) context.Context {
	return context.WithValue(ctx, spanKey{}, s)
}

// circumstance is what a body finds in its context.
type circumstance struct {
	Trace, Span string
	HasDeadline bool
	Left        time.Duration
}

func lookAround(ctx context.Context, _ int) (circumstance, error) {
	var c circumstance
	c.Trace, _ = ctx.Value(traceKey{}).(string)
	c.Span, _ = spanOf(ctx)
	at, has := ctx.Deadline()
	c.HasDeadline = has
	if has {
		c.Left = time.Until(at)
	}
	return c, ctx.Err()
}

var _ = parfor.Register(lookAround)

func look(t *testing.T, ctx context.Context, opts []parfor.Option) circumstance {
	t.Helper()
	out, err := parfor.Map(ctx, []int{0}, lookAround, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// Default mode. A deadline arrives as the time that is left.
func deadlineTravels(t *testing.T, s *subject) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if c := look(t, ctx, s.on(2)); !c.HasDeadline || c.Left > time.Hour || c.Left < time.Minute {
		t.Errorf("an hour's deadline arrived as %+v", c)
	}
	if c := look(t, t.Context(), s.on(2)); c.HasDeadline {
		t.Errorf("no deadline arrived as %+v", c)
	}
}

// Default mode.
func loopTimeoutIsDeadline(t *testing.T, s *subject) {
	for _, o := range []parfor.Option{parfor.LoopTimeout(time.Hour), parfor.Timeout(time.Hour)} {
		if c := look(t, t.Context(), s.on(2, o)); !c.HasDeadline || c.Left > time.Hour {
			t.Errorf("a limit arrived as %+v", c)
		}
	}
}

// why is what a body that waits for its cancel reports as the cause.
func why(ctx context.Context, at string) (string, error) {
	err := pass(ctx, at, 0, func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return "", err
	}
	return context.Cause(ctx).Error(), nil
}

var _ = parfor.Register(why)

// Default mode. The body succeeds, so its result says what it saw.
func causeTravels(t *testing.T, s *subject) {
	g := newGate(t)
	ctx, cancel := cancelWith(t)
	go func() { g.next(); cancel(errMind) }()
	out, err := parfor.Map(ctx, []string{g.address()}, why, s.on(2, parfor.Grace(patience))...)
	if err != nil || out[0] != errMind.Error() {
		t.Errorf("the body saw the cause %q (%v), want %q", out[0], err, errMind)
	}
}

// Default mode.
func propagates(t *testing.T, s *subject) {
	for _, trace := range []string{"trace-1", ""} {
		ctx := t.Context()
		if trace != "" {
			ctx = context.WithValue(ctx, traceKey{}, trace)
		}
		if c := look(t, ctx, s.on(2)); c.Trace != trace {
			t.Errorf("context value %q arrived as %q", trace, c.Trace)
		}
	}
}

// spans gives bodies a span, and counts the loops that began and ended.
type spans struct{ begun, ended int }

func (s *spans) Context(ctx context.Context, o observe.Start) context.Context {
	outer, _ := spanOf(ctx)
	return withSpan(ctx, outer+"/"+o.Name)
}
func (s *spans) Start(observe.Start) { s.begun++ }
func (s *spans) Frame(observe.Frame) {}
func (s *spans) Event(observe.Event) {}
func (s *spans) End(observe.End)     { s.ended++ }

// Default mode. In loops and submissions, bodies see what observers added to
// the caller's context, one on top of the other.
func observersAdd(t *testing.T, s *subject) {
	var both spans
	ctx := withSpan(t.Context(), "caller")
	watched := []parfor.Option{parfor.Name("look"), parfor.Observe(&both), parfor.Observe(&both)}
	const want = "caller/look/look"
	if c := look(t, ctx, s.on(2, watched...)); c.Span != want {
		t.Errorf("a loop's body saw the span %q", c.Span)
	}
	for r, err := range parfor.Stream(ctx, only(0), lookAround, s.on(2, watched...)...) {
		if err != nil || r.Out.Span != want {
			t.Errorf("a stream's body saw the span %q, %v", r.Out.Span, err)
		}
	}
	if both.begun != 4 || both.ended != 4 {
		t.Errorf("%d beginnings and %d ends, want 4", both.begun, both.ended)
	}
	c, err := parfor.Submit(ctx, s.executor(2), lookAround, 0, parfor.Name("one"), parfor.Observe(new(spans))).Result(ctx)
	if err != nil || c.Span != "caller/one" {
		t.Errorf("a submission's body saw the span %q, %v", c.Span, err)
	}
}

// only is a source of one item.
func only(n int) func(func(int) bool) { return func(yield func(int) bool) { yield(n) } }
