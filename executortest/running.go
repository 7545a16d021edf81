package executortest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"parfor.dev/parfor"
)

var runningChecks = []check{
	{"NothingRunsAfterReturn", 0, nothingRunsAfter},
	{"OnceUnlessAttempts", 0, onceUnlessAttempts},
	{"AttemptsIsInAll", 0, attemptsInAll},
	{"AttemptsAfterPanicAndGoexit", 0, attemptsAfterPanic},
	{"AttemptsEndWithTheLoop", 0, attemptsEnd},
	{"LoopsShareAnExecutor", 0, loopsShare},
	{"SequentialKeepsInputOrder", 1 << Sequential, sequentialOrder},
	{"BodiesNeverRunOnTheCaller", inProcess, neverOnTheCaller},
}

// Default mode and KeepGoing: whatever ends a loop, its bodies end before it
// returns. The bodies inside obey their context.
func nothingRunsAfter(t *testing.T, s *subject) {
	const slots = 2
	ends := map[string]func(cancel context.CancelCauseFunc, in []Step){
		"cancel":  func(cancel context.CancelCauseFunc, in []Step) { cancel(errMind) },
		"failure": func(_ context.CancelCauseFunc, in []Step) { in[0].Do = refuse },
		"panic":   func(_ context.CancelCauseFunc, in []Step) { in[0].Do = panics },
		"Goexit":  func(_ context.CancelCauseFunc, in []Step) { in[0].Do = exits },
	}
	for name, end := range ends {
		for _, stream := range []bool{false, true} {
			g := newGate(t)
			in := steps(6, g.address())
			for i := range in {
				in[i].Do = waits
			}
			ctx, cancel := cancelWith(t)
			byCancel := name == "cancel"
			if !byCancel {
				end(cancel, in)
			}
			errs := make(chan error, 1)
			opts := s.on(slots, parfor.Chunk(1))
			go func() {
				if !stream {
					_, err := parfor.Map(ctx, in, act, opts...)
					errs <- err
					return
				}
				var last error
				for _, err := range parfor.Stream(ctx, slices.Values(in), act, opts...) {
					last = err
				}
				errs <- last
			}()
			for range s.room(slots) {
				g.next()
			}
			g.letAll()
			if byCancel {
				end(cancel, in)
			}
			if err := <-errs; err == nil {
				t.Errorf("%s: no error", name)
			}
			g.empty(t)
		}
	}
}

// tally counts the attempts of each item in files, wherever they run.
type tally struct{ dir string }

func newTally(t *testing.T) tally { return tally{t.TempDir()} }

// attempt is the input of a body that fails until a given attempt.
type attempt struct {
	Item, Good int // succeeds from attempt Good on
	How        Action
	Dir        string
}

// persist notes that it runs, and fails as long as it is told to.
func persist(ctx context.Context, a attempt) (int, error) {
	number := 1
	for ; ; number++ {
		f, err := os.OpenFile(filepath.Join(a.Dir, fmt.Sprint(a.Item, "-", number)), os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		f.Close()
		break
	}
	if number < a.Good {
		_, err := Step{N: a.Item, Do: a.How}.run(ctx)
		return 0, err
	}
	return number, nil
}

var _ = parfor.Register(persist)

func persistEach(ctx context.Context, a attempt) error {
	_, err := persist(ctx, a)
	return err
}

func (c tally) of(t *testing.T, item int) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.dir, fmt.Sprint(item, "-*")))
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// KeepGoing: a failure alone is no reason to run a body again.
func onceUnlessAttempts(t *testing.T, s *subject) {
	c := newTally(t)
	var in []attempt
	for i, how := range []Action{answer, refuse, panics, exits, mute} {
		in = append(in, attempt{Item: i, Good: 2, How: how, Dir: c.dir})
	}
	in[0].Good = 1
	_, err := parfor.Map(within(t), in, persist, s.on(2, parfor.KeepGoing())...)
	equal(t, "failed", failedItems(err), []int{1, 2, 3, 4})
	for i := range in {
		if n := c.of(t, i); n != 1 {
			t.Errorf("the body of item %d ran %d times", i, n)
		}
	}
}

// KeepGoing.
func attemptsInAll(t *testing.T, s *subject) {
	c := newTally(t)
	in := []attempt{{Item: 0, Good: 1}, {Item: 1, Good: 2}, {Item: 2, Good: 3}, {Item: 3, Good: 4}, {Item: 4, Good: 99}}
	for i := range in {
		in[i].Dir, in[i].How = c.dir, refuse
	}
	out, err := parfor.Map(within(t), in, persist, s.on(2, parfor.Attempts(3), parfor.KeepGoing())...)
	equal(t, "failed", failedItems(err), []int{3, 4})
	equal(t, "results", out, []int{1, 2, 3, 0, 0})
	for i, want := range []int{1, 2, 3, 3, 3} {
		if n := c.of(t, i); n != want {
			t.Errorf("the body of item %d ran %d times, want %d", i, n, want)
		}
	}
	if te := loopError(t, err).First[0]; te.Attempt != 3 || !contains(te, "attempt 3") {
		t.Errorf("the failure reads %v", te)
	}
	again := newTally(t)
	for i := range in {
		in[i].Dir = again.dir
	}
	for r, err := range parfor.Stream(within(t), slices.Values(in[:3]), persist, s.on(2, parfor.Attempts(3))...) {
		if err != nil || r.Attempt != r.Index+1 || r.Out != r.Attempt {
			t.Errorf("result %+v, %v", r, err)
		}
	}
}

// KeepGoing.
func attemptsAfterPanic(t *testing.T, s *subject) {
	c := newTally(t)
	in := []attempt{{Item: 0, Good: 3, How: panics}, {Item: 1, Good: 3, How: exits}, {Item: 2, Good: 1}}
	for i := range in {
		in[i].Dir = c.dir
	}
	out, err := parfor.Map(within(t), in, persist, s.on(2, parfor.Attempts(3), parfor.KeepGoing())...)
	if err != nil {
		t.Error(err)
	}
	equal(t, "results", out, []int{3, 3, 1})
	for i := range in {
		in[i].Dir = newTally(t).dir
	}
	n := 0
	for r, err := range parfor.Stream(within(t), slices.Values(in), persist, s.on(2, parfor.Attempts(3), parfor.KeepGoing())...) {
		if n++; err != nil || r.Out != r.Attempt {
			t.Errorf("result %+v, %v", r, err)
		}
	}
	if n != len(in) {
		t.Errorf("%d results", n)
	}
}

// Default mode: a loop that was cancelled tries nothing again.
func attemptsEnd(t *testing.T, s *subject) {
	g := newGate(t)
	ctx, cancel := cancelWith(t)
	go func() { g.next(); cancel(errMind) }()
	_, err := parfor.Map(ctx, []Step{{At: g.address(), Do: waits}}, act, s.on(2, parfor.Attempts(5))...)
	mustBe(t, err, errMind)
	if n := len(g.visits()); n != 1 {
		t.Errorf("the body ran %d times", n)
	}
}

// Default mode: many loops at once on one executor, each whole.
func loopsShare(t *testing.T, s *subject) {
	ctx, opts := within(t), s.on(2)
	var all sync.WaitGroup
	for loop := range 6 {
		all.Go(func() {
			out, err := parfor.Map(ctx, parfor.Range(200), square, opts...)
			if err != nil || !slices.Equal(out, squares(200)) {
				t.Errorf("loop %d: %v", loop, err)
			}
		})
	}
	all.Wait()
}

// Default mode.
func sequentialOrder(t *testing.T, s *subject) {
	g := openGate(t)
	if err := parfor.Each(within(t), steps(20, g.address()), actEach, s.on(4)...); err != nil {
		t.Fatal(err)
	}
	equal(t, "order of bodies", g.visits(), parfor.Range(20))
	at := 0
	for r := range parfor.Stream(within(t), slices.Values(parfor.Range(50)), square, s.on(4)...) {
		if r.Index != at {
			t.Fatalf("result %d at place %d", r.Index, at)
		}
		at++
	}
}

// A body may end its goroutine, so it must not be the caller's.
func neverOnTheCaller(t *testing.T, s *subject) {
	returned := make(chan bool, 1)
	go func() {
		defer close(returned)
		parfor.Map(t.Context(), steps(1, ""), func(context.Context, Step) (int, error) {
			_, err := Step{Do: exits}.run(context.Background())
			return 0, err
		}, s.on(1)...)
		returned <- true
	}()
	if !<-returned {
		t.Error("Goexit in a body ended the goroutine of the loop's caller")
	}
}
