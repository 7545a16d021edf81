package executortest

import (
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
)

var optionChecks = []check{
	{"C03_ChunkBelowOne", 0, func(t *testing.T, s *subject) { refused(t, s, parfor.Chunk, "Chunk(0)", "Chunk(-3)") }},
	{"C04_WorkersBelowOne", 0, func(t *testing.T, s *subject) { refused(t, s, parfor.Workers, "Workers(0)", "Workers(-3)") }},
	{"C11_WindowBelowOne", 0, func(t *testing.T, s *subject) { refused(t, s, parfor.Window, "Window(0)", "Window(-3)") }},
	{"AttemptsBelowOne", 0, func(t *testing.T, s *subject) { refused(t, s, parfor.Attempts, "Attempts(0)", "Attempts(-3)") }},
	{"BadOptionsAreReportedTogether", 0, badTogether},
	{"NoExecutor", 0, noExecutor},
	{"ClosedExecutor", 0, closedExecutor},
	{"LabelOfAnotherType", 0, labelOfAnotherType},
	{"WorkersCapsALoop", concurrent, workersCaps},
}

// refused checks that an option with that value fails each form of loop before
// a body runs.
func refused(t *testing.T, s *subject, option func(int) parfor.Option, texts ...string) {
	t.Helper()
	for i, n := range []int{0, -3} {
		allForms(t, s, []parfor.Option{option(n)}, func(t *testing.T, err error) {
			mustBe(t, err, parfor.ErrOption)
			if !contains(err, texts[i]) {
				t.Errorf("error %q does not say %s", err, texts[i])
			}
		})
	}
}

// allForms runs every form of loop with bad options over bodies that would
// report at a gate, and gives the errors to judge.
func allForms(t *testing.T, s *subject, opts []parfor.Option, judge func(*testing.T, error)) {
	t.Helper()
	ctx, g := within(t), openGate(t)
	in := steps(3, g.address())
	opts = s.on(2, opts...)
	_, err := parfor.Map(ctx, in, act, opts...)
	judge(t, err)
	judge(t, parfor.Each(ctx, in, actEach, opts...))
	_, err = parfor.ByKey(ctx, in, act, opts...)
	judge(t, err)
	_, err = parfor.Reduce(ctx, in, act, add, opts...)
	judge(t, err)
	yields := 0
	for _, err := range parfor.Stream(ctx, slices.Values(in), act, opts...) {
		yields++
		judge(t, err)
	}
	if yields != 1 {
		t.Errorf("the stream yields %d times, want its error alone", yields)
	}
	if ran := g.visits(); len(ran) > 0 {
		t.Errorf("bodies ran: %v", ran)
	}
}

func badTogether(t *testing.T, s *subject) {
	bad := []parfor.Option{parfor.Workers(0), parfor.Timeout(-time.Second), nil, parfor.Attempts(0), parfor.LoopTimeout(0),
		parfor.Window(-1), parfor.Grace(-1), parfor.Observe(nil), parfor.OnDuplicate(99), parfor.Label[int](nil)}
	allForms(t, s, bad, func(t *testing.T, err error) {
		mustBe(t, err, parfor.ErrOption)
		for _, part := range []string{"Workers(0)", "Timeout(-1s)", "option is nil", "Attempts(0)", "LoopTimeout(0s)", "Window(-1)", "Grace", "Observe(nil)", "OnDuplicate(99)", "Label(nil)"} {
			if !contains(err, part) {
				t.Errorf("the error leaves out %s: %v", part, err)
			}
		}
	})
}

func noExecutor(t *testing.T, s *subject) {
	ctx := within(t)
	_, err := parfor.Map(ctx, parfor.Range(3), square, parfor.On(nil))
	mustBe(t, err, parfor.ErrNoExecutor)
	for _, err := range parfor.Stream(ctx, slices.Values(parfor.Range(3)), square, parfor.On(nil)) {
		mustBe(t, err, parfor.ErrNoExecutor)
	}
	_, err = parfor.Submit(ctx, nil, square, 3).Result(ctx)
	mustBe(t, err, parfor.ErrNoExecutor)
}

func closedExecutor(t *testing.T, s *subject) {
	x := s.fresh(t, 2)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	_, err := parfor.Map(within(t), parfor.Range(3), square, parfor.On(x))
	mustBe(t, err, parfor.ErrClosed)
	for _, err := range parfor.Stream(within(t), slices.Values(parfor.Range(3)), square, parfor.On(x)) {
		mustBe(t, err, parfor.ErrClosed)
	}
}

func labelOfAnotherType(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), parfor.Range(3), square, s.on(2, parfor.Label(func(string) string { return "" }))...)
	mustBe(t, err, parfor.ErrOption)
	for _, err := range parfor.Stream(within(t), slices.Values(parfor.Range(3)), square, s.on(2, parfor.Label(func(string) string { return "" }))...) {
		mustBe(t, err, parfor.ErrOption)
	}
}

// Default mode. A loop's cap holds on an executor with more room, and is used.
func workersCaps(t *testing.T, s *subject) {
	for _, most := range []int{1, 2} {
		g := newGate(t)
		done := make(chan error, 1)
		ctx, opts := within(t), s.on(8, parfor.Workers(most))
		go func() {
			_, err := parfor.Map(ctx, steps(12, g.address()), act, opts...)
			done <- err
		}()
		for range most {
			g.next()
		}
		g.letAll()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if g.mostInside() != most {
			t.Errorf("%d bodies ran at once, Workers says %d", g.mostInside(), most)
		}
		g.empty(t)
	}
}
