package executortest

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parfor.dev/parfor"
)

// physicsChecks hold docs/executors.md, the table of what executors can't mean
// alike, to its word: a check for each row, with what it says of this kind.
var physicsChecks = []check{
	{"Physics_Timeout", 0, physicsTimeout},
	{"Physics_Cancel", 0, physicsCancel},
	{"Physics_Abandon", 0, physicsAbandon},
	{"Physics_CrashOnPanic", 0, physicsCrashOnPanic},
	{"Physics_PanicInAGoroutine", 0, physicsStrayPanic},
	{"Physics_Crash", 0, physicsCrash},
	{"Physics_For", 0, physicsFor},
	{"Physics_Unregistered", 0, physicsUnregistered},
	{"Physics_InputIsShared", 0, physicsInput},
	{"Physics_PackageVariables", 0, physicsVariables},
	{"Physics_ErrorValues", 0, unregisteredError},
	{"Physics_PanicValue", 0, physicsPanicValue},
	{"Physics_Encoding", 0, physicsEncoding},
	{"Physics_Environment", 0, physicsEnvironment},
	{"Physics_Stdin", 0, physicsStdin},
	{"Physics_NestedLoops", 0, physicsNested},
}

// hold stays at its gate until it is let on, whatever its context says.
func hold(_ context.Context, s Step) (int, error) {
	return os.Getpid(), pass(context.Background(), s.At, s.N, func(context.Context) error { return nil })
}

var _ = parfor.Register(hold)

// held runs a loop over one body that ignores its context, and lets it go when
// late says so.
func held(t *testing.T, s *subject, late func(ended <-chan struct{}) bool, ctx context.Context, opts ...parfor.Option) error {
	t.Helper()
	g := newGate(t)
	ended := make(chan struct{})
	errs := make(chan error, 1)
	opts = s.on(1, append(opts, parfor.Grace(short))...)
	go func() {
		_, err := parfor.Map(ctx, []Step{{At: g.address()}}, hold, opts...)
		errs <- err
		close(ended)
	}()
	v := g.next()
	if late(ended) {
		v.let()
	}
	err := <-errs
	if s.kind.inProcess() {
		g.empty(t)
	}
	return err
}

// In this process the loop waits for the body; elsewhere the body is killed.
func physicsTimeout(t *testing.T, s *subject) {
	const limit = 10 * short
	err := held(t, s, func(ended <-chan struct{}) bool { return s.stays(t, ended, limit+5*short) }, within(t), parfor.Timeout(limit))
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || te.Killed == s.kind.inProcess() || (te.PID != 0) == s.kind.inProcess() {
		t.Errorf("error %v, %+v", err, te)
	}
}

func physicsCancel(t *testing.T, s *subject) {
	ctx, cancel := cancelWith(t)
	err := held(t, s, func(ended <-chan struct{}) bool {
		cancel(errMind)
		return s.stays(t, ended, 5*short)
	}, ctx)
	if err != nil || !s.kind.inProcess() { // the body succeeded in the end, where it was let
		mustBe(t, err, errMind)
	}
}

// stays checks that in this process a loop is still there after a while: it
// waits for its body. The while proves nothing when it is too short, and can't
// fail a loop that is right. On processes the loop must end by itself.
func (s *subject) stays(t *testing.T, ended <-chan struct{}, while time.Duration) (let bool) {
	t.Helper()
	if s.kind.inProcess() {
		select {
		case <-ended:
			t.Error("the loop ended before its body")
		case <-time.After(while):
		}
		return true
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the loop waits for a body that never returns")
		return true
	}
	return false
}

func physicsAbandon(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), parfor.Range(3), square, s.on(1, parfor.Abandon(), parfor.Timeout(time.Hour))...)
	if s.kind.inProcess() != (err == nil) || err != nil && !errors.Is(err, parfor.ErrOption) {
		t.Error(err)
	}
}

// Here a panic then ends the program; there it can't end the parent, so the
// option is refused.
func physicsCrashOnPanic(t *testing.T, s *subject) {
	if !s.kind.inProcess() {
		_, err := parfor.Map(within(t), steps(1, ""), act, s.on(1, parfor.CrashOnPanic())...)
		mustBe(t, err, parfor.ErrOption)
		return
	}
	endsProgram(t, func() {
		parfor.Map(context.Background(), []Step{{Do: panics}}, act, s.on(1, parfor.CrashOnPanic())...)
	}, "step 0 exploded", "executortest.explode")
}

func physicsStrayPanic(t *testing.T, s *subject) {
	if !s.kind.inProcess() {
		if we := dies(t, s, stray); !strings.Contains(we.Stderr, "step 5 exploded") {
			t.Errorf("the worker's last words are missing: %+v", we)
		}
		return
	}
	endsProgram(t, func() {
		parfor.Map(context.Background(), []Step{{Do: stray, At: openGate(t).address()}}, die, s.on(1)...)
	},
		"step 0 exploded")
}

func physicsCrash(t *testing.T, s *subject) {
	if !s.kind.inProcess() {
		dies(t, s, exit7)
		return
	}
	endsProgram(t, func() {
		parfor.Map(context.Background(), []Step{{Do: exit7, At: openGate(t).address()}}, die, s.on(1)...)
	})
}

func physicsFor(t *testing.T, s *subject) {
	err := parfor.For(within(t), 3, func(int) {}, s.on(1)...)
	if s.kind.inProcess() != (err == nil) || err != nil && !errors.Is(err, parfor.ErrOption) {
		t.Error(err)
	}
}

func physicsUnregistered(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), parfor.Range(3), stranger, s.on(1)...)
	if s.kind.inProcess() != (err == nil) || err != nil && !errors.Is(err, parfor.ErrNotRegistered) {
		t.Error(err)
	}
}

// scribble writes into its input and returns it.
func scribble(_ context.Context, in []int) ([]int, error) {
	in[0] = 99
	return in, nil
}

var bodiesHere atomic.Int32

func countHere(context.Context, int) (int, error) { return int(bodiesHere.Add(1)), nil }

func getenv(_ context.Context, name string) (string, error) { return os.Getenv(name), nil }

func readStdin(context.Context, int) (string, error) {
	b, err := io.ReadAll(os.Stdin)
	return string(b), err
}

var (
	_ = parfor.Register(scribble)
	_ = parfor.Register(countHere)
	_ = parfor.Register(getenv)
	_ = parfor.Register(readStdin)
)

func physicsInput(t *testing.T, s *subject) {
	in := []int{1, 2}
	out, err := parfor.Map(within(t), [][]int{in}, scribble, s.on(1)...)
	if err != nil {
		t.Fatal(err)
	}
	if shared := in[0] == 99; shared != s.kind.inProcess() || out[0][0] != 99 || (&in[0] == &out[0][0]) != shared {
		t.Errorf("input %v, result %v", in, out[0])
	}
}

func physicsVariables(t *testing.T, s *subject) {
	bodiesHere.Store(0)
	out, err := parfor.Map(within(t), parfor.Range(5), countHere, s.on(1)...)
	if err != nil || out[4] < 5 {
		t.Errorf("%v, %v", out, err)
	}
	if n := bodiesHere.Load(); (n == 5) != s.kind.inProcess() {
		t.Errorf("the caller's variable is %d", n)
	}
}

func physicsPanicValue(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), []Step{{N: 3, Do: panicsErr}}, act, s.on(1)...)
	var p *parfor.PanicError
	if !errors.As(err, &p) || len(p.Stack) == 0 {
		t.Fatalf("%v", err)
	}
	if same := p.Value == any(errRefused); s.kind.inProcess() && !same {
		t.Errorf("the value is %#v", p.Value)
	}
}

func physicsEncoding(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), []fussy{{mode: noEncode}}, fuss, s.on(1)...)
	if s.kind.inProcess() != (err == nil) {
		t.Error(err)
	}
}

// A worker has the environment that its parent had when it started.
func physicsEnvironment(t *testing.T, s *subject) {
	const name = "PARFOR_EXECUTORTEST"
	t.Setenv(name, "early")
	x := s.fresh(t, 1)
	t.Setenv(name, "late")
	out, err := parfor.Map(within(t), []string{name}, getenv, parfor.On(x))
	if want := map[bool]string{true: "late", false: "early"}[s.kind.inProcess()]; err != nil || out[0] != want {
		t.Errorf("the environment says %q, want %q (%v)", out, want, err)
	}
}

func physicsStdin(t *testing.T, s *subject) {
	name := t.TempDir() + "/stdin"
	if err := os.WriteFile(name, []byte("input"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer func(old *os.File) { os.Stdin = old }(os.Stdin)
	os.Stdin = f
	out, err := parfor.Map(within(t), []int{0}, readStdin, s.on(1)...)
	if want := map[bool]string{true: "input", false: ""}[s.kind.inProcess()]; err != nil || out[0] != want {
		t.Errorf("stdin says %q, want %q (%v)", out, want, err)
	}
}

// Loops inside bodies share the executor's slots here; in a worker they run on
// goroutines of that process.
func physicsNested(t *testing.T, s *subject) {
	defer inside(s.executor(1))()
	if out, err := parfor.Map(within(t), []tree{{Depth: 2, Width: 2}}, nest, s.on(1)...); err != nil || out[0] != 4 {
		t.Errorf("%v, %v", out, err)
	}
}
